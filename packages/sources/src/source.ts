import type { TextUpdate } from "artesian";

/** Something outside that becomes updates: a polled address, a feed, prices, a file that grows. */
export interface Source {
  /**
   * Publishes what is new, until `signal` aborts or the source is at its end. What may pass (a network failure, a
   * server error, an answer that makes no sense) is reported and tried again with growing pauses; it never ends the run.
   *
   * @throws SourceError for what no retry mends, such as an address that can't be one.
   */
  run(context: SourceContext): Promise<void>;
}

/** What a source is given to work with. */
export interface SourceContext {
  /**
   * Publishes updates as one batch, at most 1,000 of them, and resolves when they are committed. Whoever provides it
   * tries again what may pass, so a source lets a rejection end its run.
   */
  readonly publish: (updates: readonly TextUpdate[]) => Promise<void>;
  /**
   * What the source remembers across restarts. Written after the publish that it belongs to: a process that dies
   * between the two publishes once more, and never too little.
   */
  readonly memory: SourceMemory;
  readonly signal: AbortSignal;
  /** Told what happens, for logs and for progress. Must not throw. */
  readonly report: (event: SourceEvent) => void;
}

/** Small texts that outlive the process, by key. */
export interface SourceMemory {
  /** @returns The value; undefined where there is none. */
  get(key: string): Promise<string | undefined>;
  /**
   * Sets a value, and resolves when it would survive the process.
   *
   * @param value - Undefined forgets the key.
   * @throws SourceError when it is larger than the memory takes, or can't be written.
   */
  set(key: string, value: string | undefined): Promise<void>;
}

/** What happens in a source. */
export type SourceEvent =
  /** A round was made: `items` is what the answer held, changed or not; `bytes` is 0 where nothing was sent. */
  | { readonly kind: "fetched"; readonly changed: boolean; readonly items: number; readonly bytes: number }
  /** A batch was committed. */
  | { readonly kind: "published"; readonly updates: number }
  /** A round failed, and is tried again. */
  | { readonly kind: "failed"; readonly error: Error; readonly retryInMs: number }
  /** Nothing to do until the next round. */
  | { readonly kind: "waiting"; readonly nextInMs: number }
  /** Something was left out or cut; the message says what, and where the bound is set. */
  | { readonly kind: "warning"; readonly message: string };

/** What no retry mends. The message says what to change. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/** The most updates that `publish` takes at once: what a hub takes as one batch unless told otherwise. */
export const MAX_BATCH = 1000;
