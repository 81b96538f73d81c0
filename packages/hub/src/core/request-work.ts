import { HubError } from "./errors.ts";
import { afterThisTurn, monotonicMs } from "./scheduler.ts";
import { restOf, slice } from "./slices.ts";
import { Turns } from "./turns.ts";

/**
 * Longest time in one turn of the event loop for work that begins at once, and for work that goes
 * on, in milliseconds. An update passes about five turns from its request to its readers, so each
 * must be short. A turn itself costs some 0.02 ms.
 */
const BUDGET_MS = 0.25;
/** Shorter work is not counted, in milliseconds. Reading its request took longer. */
const COUNTED_MS = 0.02;
/** Most works under way. Each holds its request's body, and some of its parts. */
const MOST_BEGUN = 4;

/**
 * Runs the long work of requests, such as parsing a large body or compiling patterns, in slices.
 * Its turns are separate from those of replays, which never wait behind it.
 */
export class RequestWork {
  readonly #turns = new Turns(BUDGET_MS);
  #spentMs = 0;
  #begun = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param isGone - Whether nobody wants the result any more. The work stops then. Without it, the
   *   work is always done to its end.
   * @returns A promise only if the work takes more than one slice, or has to wait.
   * @throws HubError `invalid_body` if the work was stopped.
   */
  run<T>(work: Generator<undefined, T>, isGone?: () => boolean): T | Promise<T> {
    if (this.#spentMs >= BUDGET_MS) return this.#later(work, isGone);
    const beganMs = monotonicMs();
    try {
      const first = slice(work, BUDGET_MS);
      return first.done === true ? first.value : this.#later(work, isGone);
    } finally {
      this.#spend(monotonicMs() - beganMs);
    }
  }

  #spend(ms: number): void {
    if (ms < COUNTED_MS) return;
    if (this.#spentMs === 0) afterThisTurn(this.#forget);
    this.#spentMs += ms;
  }

  readonly #forget = (): void => {
    this.#spentMs = 0;
  };

  async #later<T>(work: Generator<undefined, T>, isGone: (() => boolean) | undefined): Promise<T> {
    const check = (): void => {
      if (isGone?.() === true) throw new HubError("invalid_body", "The request was ended by its client.");
    };
    if (this.#begun >= MOST_BEGUN) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#begun++;
    try {
      return await restOf(work, this.#turns.next, BUDGET_MS, check);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#begun--;
      else next();
    }
  }
}
