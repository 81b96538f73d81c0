import type { HubError } from "../../core/errors.ts";
import { every, monotonicMs } from "../../core/scheduler.ts";

/** Time between two checks whether the engine is away, in milliseconds. */
const LOOK_MS = 1000;

/** The connection to an engine. */
export interface EngineConnection {
  /** How long the engine has been away, in milliseconds, or 0 while it is there. */
  readonly awayMs: number;
}

/**
 * Computes until when a request waits for an engine. The time that the engine has been away already
 * counts. Once that time exceeds the wait, each request is refused at once.
 *
 * @param waitMs - Longest wait, in milliseconds.
 * @returns A time of the monotonic clock, in milliseconds.
 */
export function patienceEndMs({ awayMs }: EngineConnection, waitMs: number): number {
  return monotonicMs() + waitMs - awayMs;
}

/** Tells when an engine goes away, and when it is back. */
export class AwayWatch {
  readonly #look: () => HubError | undefined;
  readonly #watchers = new Set<(failure: HubError | undefined) => void>();
  #isAway = false;
  #stop: () => void = () => undefined;

  /** @param look - Why the engine is away, or undefined if it is there. */
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
