import type { LogThrottle } from "../../core/log-throttle.ts";

/**
 * The updates that polls have collected and not answered yet, and a cap on them. A replay with few
 * matches takes many turns, and thousands of polls may replay together.
 */
export class PolledBytes {
  /** The cap, which takes effect with the next bytes that are held. */
  maxBytes: number;
  readonly #notices: LogThrottle;
  #total = 0;

  constructor(maxBytes: number, notices: LogThrottle) {
    this.maxBytes = maxBytes;
    this.#notices = notices;
  }

  /** @returns Whether there is room for more. If not, the poll is answered with its updates so far. */
  hold(bytes: number): boolean {
    this.#total += bytes;
    if (this.#total <= this.maxBytes) return true;
    this.#notices.warn(
      "polled bytes",
      { heldBytes: this.#total, limit: this.maxBytes },
      "polls are answered early, because together they hold as many updates as they may (heldBytes)",
    );
    return false;
  }

  release(bytes: number): void {
    this.#total -= bytes;
  }
}
