import { afterThisTurn, monotonicMs } from "./scheduler.ts";
import { inSlices } from "./slices.ts";

/**
 * Longest time that all replays together may hold up a turn of the event loop, in milliseconds. The
 * work of one turn comes on top.
 */
const BUDGET_MS = 4;

/**
 * Lets long tasks take turns. For any number of tasks, live delivery and new requests wait for some
 * milliseconds at the most. With a turn of the event loop for each, a thousand readers that come
 * back at once would keep all others waiting for a second.
 */
export class Turns {
  /** Waiting callers, in order of arrival. */
  #waiting: (() => void)[] = [];
  /** Callers before this index had their turn. The array is cut now and then instead of at each. */
  #served = 0;
  #isRunning = false;
  #untilMs = 0;

  /** Resolves when the caller has its turn, which lasts until the caller waits for something. */
  readonly next = (): Promise<void> =>
    new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#isRunning) return;
      this.#isRunning = true;
      afterThisTurn(this.#begin);
    });

  /** Runs long work in slices, each in a turn, except the first. */
  run<T>(work: Generator<undefined, T>): T | Promise<T> {
    return inSlices(work, this.next);
  }

  readonly #begin = (): void => {
    this.#untilMs = monotonicMs() + BUDGET_MS;
    this.#grant();
  };

  readonly #grant = (): void => {
    const take = this.#waiting[this.#served];
    if (take === undefined) {
      this.#waiting = [];
      this.#served = 0;
      this.#isRunning = false;
    } else if (monotonicMs() >= this.#untilMs) afterThisTurn(this.#begin);
    else {
      this.#served++;
      if (this.#served > 1024 && this.#served * 2 > this.#waiting.length) {
        this.#waiting = this.#waiting.slice(this.#served);
        this.#served = 0;
      }
      take();
      // Queued behind the promise that was just resolved. The grant runs once the current task has
      // to wait.
      queueMicrotask(this.#grant);
    }
  };
}
