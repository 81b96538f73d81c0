import type { Reply } from "../reply/reply.ts";
import type { Metrics } from "./metrics-collector.ts";
import { METRICS_TYPE } from "./prometheus.ts";

/** The parts from which the answer is made. */
export interface MetricsContext {
  readonly metrics: Pick<Metrics, "collect">;
}

/**
 * `GET HUB/metrics`: figures of this server's processes, for administrators.
 *
 * @see docs/operate/metrics.md
 */
export async function metrics(context: MetricsContext): Promise<Reply> {
  return { status: 200, headers: { "Content-Type": METRICS_TYPE, "Cache-Control": "no-store" }, body: await context.metrics.collect() };
}
