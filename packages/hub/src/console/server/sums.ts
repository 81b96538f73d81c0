import type { Sample } from "./wire.ts";

/** Fields that add up over processes. The journal is shared. */
const SUMMED = ["published", "delivered", "sentBytes", "subscribers", "behind", "cohorts"] as const;

/**
 * Adds the samples of other processes to those of one, each to the nearest in time. A process
 * without a sample near that time adds nothing.
 *
 * @param own - In order of time, like each list of the others.
 * @param sampleMs - Interval of the samples, in milliseconds.
 */
export function addSamples(own: readonly Sample[], others: readonly (readonly Sample[])[], sampleMs: number): readonly Sample[] {
  const places = others.map(() => 0);
  return own.map((sample) => {
    const sum = { ...sample };
    for (const [i, samples] of others.entries()) {
      let place = places[i] as number;
      while (distance(samples[place + 1], sample) <= distance(samples[place], sample) && place + 1 < samples.length) place++;
      places[i] = place;
      const nearest = samples[place];
      if (nearest === undefined || distance(nearest, sample) > 1.5 * sampleMs) continue;
      for (const field of SUMMED) sum[field] = Math.round((sum[field] + nearest[field]) * 10) / 10;
    }
    return sum;
  });
}

function distance(one: Sample | undefined, { at }: Sample): number {
  return one === undefined ? Infinity : Math.abs(one.at - at);
}
