import type { ComponentChildren } from "preact";
import type { Sample } from "../server/wire.ts";
import { axisEnd, clock } from "./format.ts";
import { type Figure, noteOf, written } from "./figures.ts";
import { type Point, pointsOf } from "./samples.ts";
import type { ConsoleTexts } from "./texts.en.ts";
import { consoleTexts } from "./texts.ts";

/** The time span of a chart. */
export interface ChartWindow {
  readonly name: keyof ConsoleTexts["windows"];
  readonly ms: number;
  readonly bucketMs: number;
}

/** Size of the drawing, which is stretched to the card. */
const WIDTH = 300;
const HEIGHT = 80;

/** Samples further apart than this are not connected, in buckets. */
const GAP = 4.5;

interface ChartProps {
  readonly figure: Figure;
  readonly samples: readonly Sample[];
  readonly window: ChartWindow;
  /** The time under the pointer, in any of the charts. Undefined shows the newest. */
  readonly pointedAt: number | undefined;
  readonly onPoint: (at: number | undefined) => void;
}

/** One figure over time. The chart's size never depends on its data. */
export function Chart({ figure, samples, window, pointedAt, onPoint }: ChartProps): ComponentChildren {
  const texts = consoleTexts();
  const newest = samples.at(-1);
  const points = pointsOf(samples, figure.key, window.ms, window.bucketMs);
  const end = newest?.at ?? 0;
  const values = points.map(({ value }) => value);
  const high = Math.max(0, ...values);
  const low = Math.min(0, ...values);
  const top = axisEnd(high, figure.axisAtLeast);
  const bottom = low < 0 ? -axisEnd(-low, figure.axisAtLeast) : 0;
  const x = (at: number): number => WIDTH - ((end - at) / window.ms) * WIDTH;
  const y = (value: number): number => HEIGHT - ((value - bottom) / (top - bottom)) * HEIGHT;
  const pointed = pointedAt === undefined ? undefined : nearest(points, pointedAt);
  const shown = pointed?.value ?? newest?.[figure.key] ?? 0;
  const amount = figure.write(shown);
  const runs = runsOf(points, GAP * Math.max(window.bucketMs, 1000));

  function point(event: PointerEvent): void {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    onPoint(end - (1 - (event.clientX - box.left) / box.width) * window.ms);
  }

  return (
    <figure class="chart card" data-testid="chart" data-figure={figure.key} data-value={newest?.[figure.key]}>
      <figcaption>
        <h3>{texts.figures[figure.key]}</h3>
        <p class="chart-value">
          {newest === undefined ? "–" : amount.number}
          <small>{newest === undefined ? "" : amount.unit}</small>
        </p>
      </figcaption>
      <div class="plot" onPointerMove={point} onPointerLeave={() => onPoint(undefined)}>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={describe(figure, points, window)}>
          <path class="plot-grid" d={`M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}`} />
          <path class="plot-zero" d={`M0 ${y(0) - 0.5}H${WIDTH}`} />
          {runs.map((run) => (
            <g key={run[0]?.at}>
              <path class="plot-area" d={`${lineOf(run, x, y)}L${x(run.at(-1)?.at ?? 0)} ${y(0)}L${x(run[0]?.at ?? 0)} ${y(0)}Z`} />
              <path class="plot-line" d={lineOf(run, x, y)} />
            </g>
          ))}
          {pointed !== undefined && <path class="plot-cursor" d={`M${x(pointed.at)} 0V${HEIGHT}`} />}
        </svg>
        <span class="plot-top" aria-hidden="true">
          {written(figure, top).replace(/\D0 /, " ")}
        </span>
      </div>
      <p class="chart-foot">
        {pointed === undefined
          ? newest === undefined
            ? texts.chart.waiting
            : noteOf(figure.key, newest)
          : texts.chart.at(clock(pointed.at))}
      </p>
    </figure>
  );
}

function lineOf(run: readonly Point[], x: (at: number) => number, y: (value: number) => number): string {
  // A lone point is drawn as a short line, because a path of no length is invisible.
  const first = run[0];
  const start = first === undefined || run.length > 1 ? "" : `M${(x(first.at) - 1.5).toFixed(1)} ${y(first.value).toFixed(1)}`;
  return start + run.map(({ at, value }, i) => `${i === 0 && start === "" ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
}

/**
 * Splits points at gaps in the measurement, such as while the hub was down. A line across a gap
 * would claim something.
 */
function runsOf(points: readonly Point[], gapMs: number): readonly (readonly Point[])[] {
  const runs: Point[][] = [];
  let last: Point | undefined;
  for (const point of points) {
    if (last === undefined || point.at - last.at > gapMs) runs.push([]);
    runs.at(-1)?.push(point);
    last = point;
  }
  return runs;
}

function nearest(points: readonly Point[], at: number): Point | undefined {
  let best: Point | undefined;
  for (const point of points) if (best === undefined || Math.abs(point.at - at) <= Math.abs(best.at - at)) best = point;
  return best;
}

function describe(figure: Figure, points: readonly Point[], window: ChartWindow): string {
  const { chart, figures, windows } = consoleTexts();
  const title = figures[figure.key];
  const last = points.at(-1);
  if (last === undefined) return chart.none(title);
  const values = points.map(({ value }) => value);
  const [least, most] = [written(figure, Math.min(...values)), written(figure, Math.max(...values))];
  return chart.description(title, written(figure, last.value), windows[window.name], least, most);
}
