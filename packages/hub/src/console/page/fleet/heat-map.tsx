import type { ComponentChildren } from "preact";
import { type Latencies, LATENCY_BOUNDS, LATENCY_COLUMN_MS, LATENCY_COLUMNS } from "../../server/wire.ts";
import { count } from "../format.ts";
import { fleetTexts } from "./texts.ts";

/** Size of a cell of the drawing, which is stretched to the card. */
const CELL = 10;
const ROWS = LATENCY_BOUNDS.length;

/** Latencies over time: a column for a span of time, a row for a range, darker for more updates. */
export function HeatMap({ latencies }: { latencies: Latencies | undefined }): ComponentChildren {
  const texts = fleetTexts();
  const columns = latencies?.columns ?? [];
  const end = Math.floor((latencies?.now ?? 0) / LATENCY_COLUMN_MS);
  const most = Math.max(1, ...columns.flatMap(([, ...counts]) => counts));
  const totals = LATENCY_BOUNDS.map((_, i) => columns.reduce((sum, column) => sum + (column[i + 1] ?? 0), 0));
  const total = totals.reduce((sum, one) => sum + one, 0);
  const words =
    total === 0
      ? texts.noLatency
      : texts.shares(count(total), texts.bound(quantile(totals, total, 0.5)), texts.bound(quantile(totals, total, 0.99)));
  return (
    <>
      <div class="heat">
        <ul aria-hidden="true">
          {LATENCY_BOUNDS.toReversed().map((bound) => (
            <li key={bound}>{texts.bound(bound)}</li>
          ))}
        </ul>
        <svg
          viewBox={`0 0 ${LATENCY_COLUMNS * CELL} ${ROWS * CELL}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${texts.latency}: ${words}`}
          data-testid="heat-map"
        >
          {columns.flatMap(([at, ...counts]) =>
            counts.map((number, row) => {
              const x = LATENCY_COLUMNS - 1 - (end - at / LATENCY_COLUMN_MS);
              if (number === 0 || x < 0) return null;
              // By the logarithm, so that a slow update among thousands is seen.
              const share = 0.25 + (0.75 * Math.log1p(number)) / Math.log1p(most);
              return (
                <rect
                  key={`${at} ${row}`}
                  x={x * CELL}
                  y={(ROWS - 1 - row) * CELL}
                  width={CELL}
                  height={CELL}
                  fill-opacity={share.toFixed(2)}
                />
              );
            }),
          )}
        </svg>
      </div>
      <p class="heat-words" data-testid="latency-words" data-total={total}>
        {words}
      </p>
    </>
  );
}

/** The bound below which a share of the updates are. */
function quantile(totals: readonly number[], total: number, share: number): number {
  let sum = 0;
  return LATENCY_BOUNDS.find((_, i) => (sum += totals[i] ?? 0) >= total * share) ?? Infinity;
}
