import type { Sample } from "../server/wire.ts";

/** How far back the charts can look, in milliseconds. */
const KEPT_MS = 15 * 60_000;

/** Joins samples in order of time, each once, as far as the charts look back. */
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
 * The points of one figure in a window that ends now. Where there are more than a screen can show, the largest of each bucket stands for
 * it: an average would hide the peaks.
 */
export function pointsOf(samples: readonly Sample[], figure: keyof Sample, windowMs: number, bucketMs: number): readonly Point[] {
  const end = samples.at(-1)?.at ?? 0;
  const points: Point[] = [];
  let bucket = -1;
  for (const sample of samples) {
    if (sample.at < end - windowMs) continue;
    const value = sample[figure];
    // Buckets of the clock, not of the window: else the line would shimmer as it moves.
    const its = Math.floor(sample.at / bucketMs);
    const last = points.at(-1);
    if (its !== bucket || last === undefined) points.push({ at: sample.at, value });
    else points[points.length - 1] = { at: sample.at, value: Math.abs(value) > Math.abs(last.value) ? value : last.value };
    bucket = its;
  }
  return points;
}
