import type { Sample } from "../server/wire.ts";
import { type Amount, bytes, count, rate } from "./format.ts";
import { consoleTexts } from "./texts.ts";

/** A figure that has a chart. Its title and its note are in the page's texts. */
export interface Figure {
  readonly key: Exclude<keyof Sample, "at" | "cohorts">;
  /** Formats a value of the figure. */
  readonly write: (value: number) => Amount;
  /** Smallest end of the axis. */
  readonly axisAtLeast: number;
}

const perSecond = (value: number): Amount => ({ number: rate(value), unit: consoleTexts().unitASecond });
const plain = (value: number): Amount => ({ number: count(value), unit: "" });
const bytesPerSecond = (value: number): Amount => {
  const { number, unit } = bytes(value);
  return { number, unit: consoleTexts().aSecond(unit) };
};

/** In the order of the page: flow, subscribers, journal. */
export const FIGURES: readonly Figure[] = [
  { key: "published", write: perSecond, axisAtLeast: 5 },
  { key: "delivered", write: perSecond, axisAtLeast: 5 },
  { key: "sentBytes", write: bytesPerSecond, axisAtLeast: 1000 },
  { key: "subscribers", write: plain, axisAtLeast: 5 },
  { key: "behind", write: plain, axisAtLeast: 5 },
  { key: "journalBytes", write: bytes, axisAtLeast: 1000 },
  { key: "journalUpdates", write: plain, axisAtLeast: 10 },
  { key: "journalGrowth", write: bytesPerSecond, axisAtLeast: 1000 },
];

/** The short note below a figure's chart. */
export function noteOf(figure: Figure["key"], sample: Sample): string {
  const { notes } = consoleTexts();
  switch (figure) {
    case "subscribers":
      return notes.subscribers(sample.cohorts, count(sample.cohorts));
    case "behind":
      return notes.behind(sample.behind);
    case "journalGrowth":
      return notes.journalGrowth(sample.journalGrowth);
    default:
      return notes[figure];
  }
}

/** A value with its unit, on one line. */
export function written(figure: Figure, value: number): string {
  const { number, unit } = figure.write(value);
  return unit === "" || unit.startsWith("/") ? `${number}${unit}` : `${number} ${unit}`;
}
