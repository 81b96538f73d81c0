import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { ConsoleApi } from "../api.ts";
import { bytes, count, duration } from "../format.ts";
import { consoleTexts } from "../texts.ts";
import { useAsked } from "../use-asked.ts";
import { useRepeated } from "../use-repeated.ts";
import { HeatMap } from "./heat-map.tsx";
import { Takeover } from "./takeover.tsx";
import { fleetTexts } from "./texts.ts";

export interface FleetProps {
  readonly api: ConsoleApi;
  /** Whether the console is open, as the demo's is. */
  readonly isOpen: boolean;
  readonly active: boolean;
  /** Changes with each sample. */
  readonly tick: number;
}

/** The processes of the hub by name, and how long updates take through them. */
export function Fleet({ api, isOpen, active, tick }: FleetProps): ComponentChildren {
  const { asked, ask } = useAsked(async (signal) => {
    const [fleet, latencies] = await Promise.all([api.processes(signal), api.latencies(signal)]);
    return { fleet, latencies };
  });
  const texts = fleetTexts();
  const { answer, problem } = asked;
  useEffect(() => {
    if (active) ask();
  }, [active, ask]);
  useRepeated(asked, ask, active, tick);
  if (answer === undefined && problem === undefined) return <p class="empty">{consoleTexts().asking}</p>;
  return (
    <>
      <p class="problem" role="alert">
        {problem?.()}
      </p>
      <section class="pane card" aria-labelledby="processes-title">
        <h3 id="processes-title">{texts.processes}</h3>
        <p class="count" role="status">
          {answer !== undefined && texts.running(answer.fleet.processes.length, answer.fleet.silent)}
        </p>
        <div class="table-scroll" tabIndex={0} role="region" aria-label={texts.table}>
          <table data-testid="processes">
            <thead>
              <tr>
                {texts.columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {answer?.fleet.processes.map((one) => (
                <tr key={one.id} data-testid="process" data-process={one.id}>
                  <th scope="row">
                    {one.id} <small>{`${one.host}/${one.pid}`}</small>
                    {one.id === answer.fleet.answeredBy && <small> {texts.answered}</small>}
                  </th>
                  <td>{duration(one.upMs)}</td>
                  <td>{count(one.subscribers)}</td>
                  <td>{count(one.behind)}</td>
                  <td>{count(one.published)}</td>
                  <td>{count(one.delivered)}</td>
                  <td>{written(one.heldBytes)}</td>
                  <td>{written(one.memoryBytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section class="pane card" aria-labelledby="latency-title">
        <h3 id="latency-title">{texts.latency}</h3>
        <HeatMap latencies={answer?.latencies} />
        <p class="hint">{texts.latencyHint}</p>
      </section>
      {isOpen && <Takeover active={active} />}
    </>
  );
}

function written(value: number): string {
  const { number, unit } = bytes(value);
  return `${number} ${unit}`;
}
