import type { HubError } from "../../../core/errors.ts";
import type { KnownAppend, ReusedKey } from "../../../core/journal/idempotency.ts";
import type { StateEntry } from "../../../core/journal/state.ts";

/** Where the log is, as of a flush. All processes see the same. */
export interface LogPlace {
  readonly epoch: string;
  readonly restoredUpTo: number;
  /** Offset of the oldest record held, or tail + 1. */
  readonly head: number;
  readonly tail: number;
  /** Bytes of the records held, by recordBytes. */
  readonly bytes: number;
  /**
   * The active segment: offset of its first record (its name), and the flushed length of its file.
   */
  readonly segment: number;
  readonly position: number;
}

/** Result of an append. `appended`: offsets `first` on (`count` may be 0). Else the key was known. */
export type LogOutcome = { readonly kind: "appended"; readonly first: number; readonly count: number } | KnownAppend | ReusedKey;

/** What the one writing process does for itself and for the others. */
export interface LogWriterAccess {
  readonly place: LogPlace;
  /** See `Journal.failure`. */
  readonly failure: HubError | undefined;
  /** See `Journal.watchFailure`. */
  watchFailure(onChanged: () => void): () => void;
  /**
   * Called after each flush or trim that changed the place, before the appends of that flush
   * resolve. @returns Stops listening.
   */
  onMoved(listener: (place: LogPlace) => void): () => void;
  /**
   * Appends an encoded append (see `encodeAppend`): its updates, steps and key.
   *
   * @throws HubError as `Journal.append`.
   */
  append(request: Buffer): Promise<LogOutcome>;
  entries(
    prefix: string,
    options: { readonly after?: string | undefined; readonly limit: number; readonly maxLength?: number | undefined },
  ): Promise<readonly StateEntry[]>;
  /** See `Journal.find`. */
  findId(id: string): Promise<readonly number[]>;
  /** @param digest - Of the key. @param request - Digest of the request. */
  findKey(digest: string, request: string): Promise<KnownAppend | ReusedKey | undefined>;
}

/** A log that this process has opened as the one writer. It refuses to write once it is no longer. */
export interface OpenStore extends LogWriterAccess {
  /** Finishes the appends under way, then releases every resource. */
  close(): Promise<void>;
}
