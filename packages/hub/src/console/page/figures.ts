import type { Sample } from "../server/wire.ts";
import { type Amount, bytes, count, plural, rate } from "./format.ts";

/** A figure that has a chart. */
export interface Figure {
  readonly key: Exclude<keyof Sample, "at">;
  readonly title: string;
  /** Formats a value of the figure. */
  readonly write: (value: number) => Amount;
  /** Smallest end of the axis. */
  readonly axisAtLeast: number;
  /** A short note below the chart. */
  readonly note: (sample: Sample) => string;
}

const perSecond = (value: number): Amount => ({ number: rate(value), unit: "/s" });
const plain = (value: number): Amount => ({ number: count(value), unit: "" });
const bytesPerSecond = (value: number): Amount => {
  const { number, unit } = bytes(value);
  return { number, unit: `${unit}/s` };
};

/** In the order of the page: flow, subscribers, journal. */
export const FIGURES: readonly Figure[] = [
  { key: "published", title: "Published", write: perSecond, axisAtLeast: 5, note: () => "updates acknowledged" },
  { key: "delivered", title: "Delivered", write: perSecond, axisAtLeast: 5, note: () => "updates given to sockets" },
  { key: "sentBytes", title: "Sent", write: bytesPerSecond, axisAtLeast: 1000, note: () => "to all streams, with this page's figures" },
  {
    key: "subscribers",
    title: "Connections",
    write: plain,
    axisAtLeast: 5,
    note: ({ cohorts }) => `open streams, in ${plural(cohorts, "cohort", "cohorts")}`,
  },
  {
    key: "behind",
    title: "Behind",
    write: plain,
    axisAtLeast: 5,
    note: ({ behind }) => (behind === 0 ? "every stream is at the newest update" : "streams that replay, or are slow"),
  },
  { key: "journalBytes", title: "Journal", write: bytes, axisAtLeast: 1000, note: () => "held, for those who resume" },
  { key: "journalUpdates", title: "Updates held", write: plain, axisAtLeast: 10, note: () => "in the journal" },
  {
    key: "journalGrowth",
    title: "Journal growth",
    write: bytesPerSecond,
    axisAtLeast: 1000,
    note: ({ journalGrowth }) => (journalGrowth < 0 ? "it is being trimmed" : "with the figures of this page"),
  },
];

/** A value with its unit, on one line. */
export function written(figure: Figure, value: number): string {
  const { number, unit } = figure.write(value);
  return unit === "" || unit === "/s" ? `${number}${unit}` : `${number} ${unit}`;
}
