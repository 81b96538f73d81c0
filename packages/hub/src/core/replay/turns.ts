import { afterThisTurn, monotonicMs } from "../scheduler.ts";

/** How long walks may hold up a turn of the event loop, all of them together, in milliseconds. What one does in its turn comes on top. */
const BUDGET_MS = 4;

/**
 * Lets those that have long work to do take turns. However many they are, live delivery and new requests wait for some milliseconds at the most: with a turn of
 * the event loop for each, a thousand readers that come back at once would keep all others waiting for a second.
 */
export class Turns {
  /** Those that wait, the first one first. */
  #waiting: (() => void)[] = [];
  /** Those before it had their turn; the array is cut now and then instead of at each. */
  #served = 0;
  #isRunning = false;
  #untilMs = 0;

  /** Resolves when it is the caller's turn, which lasts until it waits for something. */
  readonly next = (): Promise<void> =>
    new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#isRunning) return;
      this.#isRunning = true;
      afterThisTurn(this.#begin);
    });

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
      // Behind what was just resolved: it runs once the one whose turn it is has to wait.
      queueMicrotask(this.#grant);
    }
  };
}
