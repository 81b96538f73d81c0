import { after } from "./scheduler.ts";

/** Counts while somebody looks, and not on a hub that nobody watches. */
export class Lease {
  readonly #ms: number;
  readonly #start: () => () => void;
  #stop: (() => void) | undefined;
  #stopTimer: () => void = () => undefined;

  /**
   * @param ms - How long counting goes on after the last look, in milliseconds.
   * @param start - Begins to count. Returns a function that stops it.
   */
  constructor(ms: number, start: () => () => void) {
    this.#ms = ms;
    this.#start = start;
  }

  /** Somebody looks. */
  extend(): void {
    this.#stop ??= this.#start();
    this.#stopTimer();
    this.#stopTimer = after(this.#ms, () => this.end());
  }

  end(): void {
    this.#stopTimer();
    this.#stop?.();
    this.#stop = undefined;
  }
}
