import type { IdCipher } from "../journal/cursor.ts";
import type { JournalRecord, ReadLimits } from "../journal/journal.ts";
import type { Compression } from "../update/gzip-blocks.ts";
import type { RetryRange } from "../update/retry.ts";
import type { DispatchSpans } from "./dispatch-spans.ts";
import type { Update } from "../update/update.ts";

/** How a dispatcher reads and encodes. */
export interface DispatcherOptions {
  /** Default: no compression. */
  readonly compression?: Compression | undefined;
  /** Default: event ids are `#EPOCH:OFFSET`. */
  readonly idCipher?: IdCipher | undefined;
  /** How far one step of a replay reads. */
  readonly page: ReadLimits;
  /** The `retry` times, in milliseconds, that publishers may send to subscribers. */
  readonly publishedRetryMs: RetryRange;
  /** Default: no spans. */
  readonly spans?: DispatchSpans | undefined;
}

/**
 * The notes in the journal that stand for updates of presence. Dispatch and replay need no more of
 * presence.
 */
export interface PresenceNotes {
  /** Whether a record of the journal is such a note. */
  isNote(record: JournalRecord): boolean;
  /**
   * Finds the updates that a note stands for.
   *
   * @returns A promise only if the shared table has to be asked. Undefined if the updates are no
   *   longer held.
   */
  updatesOf(record: JournalRecord): readonly Update[] | Promise<readonly Update[] | undefined>;
}
