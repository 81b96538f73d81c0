/** How long counting goes on after the last question, in milliseconds. */
const LEASE_MS = 30_000;

/** Counts while somebody looks, and not on a hub that nobody watches. */
export class Lease {
  readonly #start: () => () => void;
  #stop: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param start - Begins to count. Returns what stops it. */
  constructor(start: () => () => void) {
    this.#start = start;
  }

  /** Somebody looks. */
  extend(): void {
    this.#stop ??= this.#start();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), LEASE_MS);
    this.#timer.unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#stop?.();
    this.#stop = undefined;
  }
}
