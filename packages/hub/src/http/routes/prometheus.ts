import { DURATION_BOUNDS, type DurationFigures } from "../../core/durations.ts";

/** A metric, with a value for each set of labels. */
export interface Metric {
  /** In base units. A counter's name ends with `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One line that describes the metric. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** One value of a {@link Metric}. */
export interface Sample {
  /** Follows the metric's name: a part of a histogram. */
  readonly suffix?: "_bucket" | "_sum" | "_count" | undefined;
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
    for (const { suffix = "", labels = {}, value } of samples) text += `${name}${suffix}${encodeLabels(labels)} ${encodeValue(value)}\n`;
  }
  return text;
}

/** The samples of a histogram for one set of labels. */
export function histogramSamples({ counts, sum }: DurationFigures, labels: Readonly<Record<string, string>>): readonly Sample[] {
  let total = 0;
  const buckets = counts.map((count, i): Sample => {
    total += count;
    return { suffix: "_bucket", labels: { ...labels, le: encodeValue(DURATION_BOUNDS[i] ?? Infinity) }, value: total };
  });
  return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: total }];
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
