import type { ComponentChildren } from "preact";
import type { Sample } from "../server/wire.ts";
import type { ChartWindow } from "./chart.tsx";
import { clock } from "./format.ts";
import { FIGURES, written } from "./figures.ts";
import { pointsOf } from "./samples.ts";
import { consoleTexts } from "./texts.ts";

const ROWS = 15;

/** The charts' figures as a table, with the largest value of each time span. */
export function SampleTable({ samples, window }: { samples: readonly Sample[]; window: ChartWindow }): ComponentChildren {
  const texts = consoleTexts();
  const stepMs = window.ms / ROWS;
  const columns = FIGURES.map((figure) => ({ figure, points: pointsOf(samples, figure.key, window.ms, stepMs) }));
  const times = (columns[0]?.points ?? []).map(({ at }) => at).toReversed();
  return (
    // The table scrolls sideways on a phone, so it must be reachable with the keyboard.
    <div class="table-scroll card" tabIndex={0} role="region" aria-label={texts.table.title} data-testid="sample-table">
      <table>
        <caption class="visually-hidden">{texts.table.caption(texts.windows[window.name], stepMs / 1000)}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.table.time}</th>
            {FIGURES.map(({ key }) => (
              <th scope="col" key={key}>
                {texts.figures[key]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((at, row) => (
            <tr key={Math.floor(at / stepMs)}>
              <th scope="row">{clock(at)}</th>
              {columns.map(({ figure, points }) => (
                <td key={figure.key}>{written(figure, points[points.length - 1 - row]?.value ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
