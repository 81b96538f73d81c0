/** Upper bounds of the buckets, in seconds. A last bucket has no bound. */
export const DURATION_BOUNDS: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Durations counted in buckets, as sent to other processes. */
export interface DurationFigures {
  /** One count for each of {@link DURATION_BOUNDS}, and one for longer durations. Not cumulative. */
  readonly counts: readonly number[];
  /** Of all durations, in seconds. */
  readonly sum: number;
}

/** Counts durations in buckets. */
export class Durations {
  readonly #counts: number[] = [...DURATION_BOUNDS, Infinity].map(() => 0);
  #sum = 0;

  /** @param ms - In milliseconds. Negative ones, as of clocks that differ, count as 0. */
  add(ms: number): void {
    const seconds = Math.max(0, ms) / 1000;
    this.#sum += seconds;
    let i = 0;
    while (i < DURATION_BOUNDS.length && seconds > (DURATION_BOUNDS[i] as number)) i++;
    this.#counts[i] = (this.#counts[i] as number) + 1;
  }

  figures(): DurationFigures {
    return { counts: [...this.#counts], sum: this.#sum };
  }
}
