import type { Sample } from "../server/wire.ts";

/** Time span that is kept for the charts, in milliseconds. */
const KEPT_MS = 15 * 60_000;

/** Merges samples in order of time, without duplicates, within the kept time span. */
export function mergeSamples(held: readonly Sample[], more: readonly Sample[]): readonly Sample[] {
  if (more.length === 0) return held;
  const byTime = new Map(held.map((sample) => [sample.at, sample]));
  for (const sample of more) byTime.set(sample.at, sample);
  const all = [...byTime.values()].toSorted((a, b) => a.at - b.at);
  const newest = all.at(-1)?.at ?? 0;
  return all.filter(({ at }) => at > newest - KEPT_MS);
}

/** A value at a time. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/**
 * The points of one figure in a window that ends now. If there are more points than a screen can
 * show, each bucket is represented by its largest value, because an average would hide the peaks.
 */
export function pointsOf(samples: readonly Sample[], figure: keyof Sample, windowMs: number, bucketMs: number): readonly Point[] {
  const end = samples.at(-1)?.at ?? 0;
  const points: Point[] = [];
  let bucket = -1;
  for (const sample of samples) {
    if (sample.at < end - windowMs) continue;
    const value = sample[figure];
    // Buckets follow the clock, not the window. Otherwise the line would shimmer as it moves.
    const its = Math.floor(sample.at / bucketMs);
    const last = points.at(-1);
    if (its !== bucket || last === undefined) points.push({ at: sample.at, value });
    else points[points.length - 1] = { at: sample.at, value: Math.abs(value) > Math.abs(last.value) ? value : last.value };
    bucket = its;
  }
  return points;
}
