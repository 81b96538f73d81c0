import type { HubError } from "../core/errors.ts";
import { every } from "../core/scheduler.ts";

/** How often is looked whether the engine is away, in milliseconds. */
const LOOK_MS = 1000;

/** Tells when an engine goes away, and when it is back. */
export class AwayWatch {
  readonly #look: () => HubError | undefined;
  readonly #watchers = new Set<(failure: HubError | undefined) => void>();
  #isAway = false;
  #stop: () => void = () => undefined;

  /** @param look - Why the engine is away; undefined if it is there. */
  constructor(look: () => HubError | undefined) {
    this.#look = look;
  }

  /** See `Journal.watchAway`. */
  add(onChange: (failure: HubError | undefined) => void): () => void {
    if (this.#watchers.size === 0) this.#stop = every(LOOK_MS, () => this.#tell());
    this.#watchers.add(onChange);
    return () => {
      this.#watchers.delete(onChange);
      if (this.#watchers.size === 0) this.#stop();
    };
  }

  #tell(): void {
    const failure = this.#look();
    const isAway = failure !== undefined;
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    for (const tell of this.#watchers) tell(failure);
  }
}
