import { monotonicMs } from "./scheduler.ts";

/** Longest time of work before others have their turn, in milliseconds. */
const SLICE_MS = 2;

/**
 * Runs long work in slices of some milliseconds. The work marks with a `yield` where others may
 * have their turn.
 *
 * @param turn - Resolves when the work has its turn again.
 * @returns A promise only if one slice is not enough.
 */
export function inSlices<T>(work: Generator<undefined, T>, turn: () => Promise<void>): T | Promise<T> {
  const first = slice(work);
  return first.done === true ? first.value : restOf(work, turn);
}

/**
 * Runs work in slices. Also the first one waits for its turn.
 *
 * @param check - Called before each slice. Stops the work by an error.
 */
export async function restOf<T>(
  work: Generator<undefined, T>,
  turn: () => Promise<void>,
  sliceMs?: number,
  check?: () => void,
): Promise<T> {
  for (;;) {
    await turn();
    check?.();
    const next = slice(work, sliceMs);
    if (next.done === true) return next.value;
  }
}

/** Runs one slice of the work. */
export function slice<T>(work: Generator<undefined, T>, sliceMs: number = SLICE_MS): IteratorResult<undefined, T> {
  const untilMs = monotonicMs() + sliceMs;
  let next = work.next();
  while (next.done !== true && monotonicMs() < untilMs) next = work.next();
  return next;
}

/** Runs work that marks its slices to its end at once. */
export function atOnce<T>(work: Generator<undefined, T>): T {
  let next = work.next();
  while (next.done !== true) next = work.next();
  return next.value;
}
