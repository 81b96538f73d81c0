import type { CandleStep } from "../server/wire.ts";

/** A stretch of time that a chart shows. */
export interface Range {
  readonly step: CandleStep;
  readonly seconds: number;
  /** Candles, or a line if there were too many of them. */
  readonly kind: "line" | "candles";
}

export type RangeName = "1m" | "10m" | "1h" | "10h" | "1d" | "1w" | "1mo" | "1y";

/** The stretches, by their names. */
export const RANGES: Readonly<Record<RangeName, Range>> = {
  "1m": { step: "second", seconds: 60, kind: "line" },
  "10m": { step: "second", seconds: 600, kind: "line" },
  "1h": { step: "minute", seconds: 3600, kind: "candles" },
  "10h": { step: "minute", seconds: 36_000, kind: "line" },
  "1d": { step: "quarter", seconds: 86_400, kind: "candles" },
  "1w": { step: "quarter", seconds: 604_800, kind: "line" },
  "1mo": { step: "day", seconds: 2_678_400, kind: "candles" },
  "1y": { step: "day", seconds: 31_622_400, kind: "line" },
};

export const RANGE_NAMES = Object.keys(RANGES) as readonly RangeName[];

export function isRangeName(value: unknown): value is RangeName {
  return typeof value === "string" && Object.hasOwn(RANGES, value);
}
