import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Sample } from "../server/wire.ts";
import { Chart, type ChartWindow } from "./chart.tsx";
import { FIGURES } from "./figures.ts";
import { SampleTable } from "./sample-table.tsx";
import { consoleTexts } from "./texts.ts";

const WINDOWS: readonly ChartWindow[] = [
  { name: "short", ms: 120_000, bucketMs: 1 },
  { name: "long", ms: 900_000, bucketMs: 5000 },
];

/** The hub's flow, its subscribers and its journal. */
export function Overview({ samples, stale }: { samples: readonly Sample[]; stale: boolean }): ComponentChildren {
  const [chosen, choose] = useState(0);
  const [asTable, setAsTable] = useState(false);
  const [pointedAt, point] = useState<number | undefined>();
  const window = WINDOWS[chosen] as ChartWindow;
  const texts = consoleTexts();
  return (
    <>
      <div class="view-tools">
        <fieldset class="choice">
          <legend class="visually-hidden">{texts.howFarBack}</legend>
          {WINDOWS.map(({ name }, i) => (
            <label key={name}>
              <input type="radio" name="window" checked={i === chosen} onChange={() => choose(i)} />
              <span>{texts.windows[name]}</span>
            </label>
          ))}
        </fieldset>
        <button type="button" class="button quiet small" aria-pressed={asTable} data-testid="as-table" onClick={() => setAsTable(!asTable)}>
          {texts.asTable}
        </button>
      </div>
      {asTable ? (
        <SampleTable samples={samples} window={window} />
      ) : (
        <div class="charts" data-stale={stale}>
          {FIGURES.map((figure) => (
            <Chart key={figure.key} figure={figure} samples={samples} window={window} pointedAt={pointedAt} onPoint={point} />
          ))}
        </div>
      )}
      <p class="hint">{texts.overviewHint}</p>
    </>
  );
}
