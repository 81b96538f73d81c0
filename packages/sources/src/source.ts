import type { TextUpdate } from "artesian";

/** An origin of updates: a polled address, a feed, prices, a growing file. */
export interface Source {
  /**
   * Publishes new data, until `signal` aborts or the source has ended. Failures that may pass
   * (network failures, server errors, invalid answers) are reported and retried with growing
   * pauses. They never end the run.
   *
   * @throws SourceError for a failure that no retry mends, such as an invalid address.
   */
  run(context: SourceContext): Promise<void>;
}

/** The environment of a source. */
export interface SourceContext {
  /**
   * Publishes up to 1,000 updates as one batch, and resolves when they are committed. The provider
   * retries failures that may pass, so a source lets a rejection end its run.
   */
  readonly publish: (updates: readonly TextUpdate[]) => Promise<void>;
  /**
   * Memory across restarts. It is written after its publication, so a process that dies between the
   * two publishes once more, and never too little.
   */
  readonly memory: SourceMemory;
  readonly signal: AbortSignal;
  /** Reports events, for logs and progress. Must not throw. */
  readonly report: (event: SourceEvent) => void;
}

/** Small texts that outlive the process, by key. */
export interface SourceMemory {
  /** @returns The value, or undefined if there is none. */
  get(key: string): Promise<string | undefined>;
  /**
   * Sets a value, and resolves when the value would survive the process.
   *
   * @param value - Undefined forgets the key.
   * @throws SourceError when the value exceeds the memory's bound, or can't be written.
   */
  set(key: string, value: string | undefined): Promise<void>;
}

/** An event of a source. */
export type SourceEvent =
  /**
   * A round was made. `items` counts the answer's items, changed or not. `bytes` is 0 if no body
   * was sent.
   */
  | { readonly kind: "fetched"; readonly changed: boolean; readonly items: number; readonly bytes: number }
  /** A batch was committed. */
  | { readonly kind: "published"; readonly updates: number }
  /** A round failed, and will be retried. */
  | { readonly kind: "failed"; readonly error: Error; readonly retryInMs: number }
  /** Nothing to do until the next round. */
  | { readonly kind: "waiting"; readonly nextInMs: number }
  /** Something was left out or cut. The message says what, and where the bound is set. */
  | { readonly kind: "warning"; readonly message: string };

/** A failure that no retry mends. The message says what to change. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/** Most updates of one `publish`, the default limit of a hub's batch. */
export const MAX_BATCH = 1000;
