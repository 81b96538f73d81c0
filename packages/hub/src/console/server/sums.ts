import type { Sample } from "./wire.ts";

/** What adds up over processes; the journal is one. */
const SUMMED = ["published", "delivered", "sentBytes", "subscribers", "behind", "cohorts"] as const;

/**
 * Adds the samples of other processes to those of one, each to the nearest in time. Where a process has none about then, it adds nothing.
 *
 * @param own - In order of time, as each of the others.
 * @param sampleMs - How far apart samples are.
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
