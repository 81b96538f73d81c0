/** A metric, with a value for each set of labels. */
export interface Metric {
  /** In base units. A counter's name ends with `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge";
  /** One line that describes the metric. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** One value of a {@link Metric}. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly value: number;
}

/** The media type of {@link encodeMetrics}. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Writes metrics in Prometheus' text format. A metric without samples is left out.
 *
 * @see Prometheus, "Text-based format".
 */
export function encodeMetrics(metrics: readonly Metric[]): string {
  let text = "";
  for (const { name, type, help, samples } of metrics) {
    if (samples.length === 0) continue;
    text += `# HELP ${name} ${escape(help)}\n# TYPE ${name} ${type}\n`;
    for (const { labels = {}, value } of samples) text += `${name}${encodeLabels(labels)} ${encodeValue(value)}\n`;
  }
  return text;
}

function encodeLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value).replaceAll('"', '\\"')}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function encodeValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
