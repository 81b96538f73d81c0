import type { DurationFigures } from "../durations.ts";
import type { HubError } from "../errors.ts";
import type { JournalIdempotency } from "./idempotency.ts";
import type { Peers } from "./peers.ts";
import type { LocalOrder } from "./local-order.ts";
import type { JournalState } from "./state.ts";
import type { Update } from "../update/update.ts";

/**
 * A place in a journal. Offsets only compare within one epoch. A wiped or restored journal has a
 * new epoch, and a position from another epoch is a gap, never silently "from now".
 *
 * Example of the loss that this prevents: a subscriber has seen offset 500. The journal's directory
 * is deleted and the hub restarted. 600 new updates are appended. Offset 500 exists again, but is
 * another update. Resuming there would skip 500 updates in silence. The epochs differ, so the
 * subscriber is told of a gap.
 */
export interface Position {
  /**
   * The journal's identity: 8 characters of `A–Z a–z 0–9`, chosen at random when the journal is
   * created.
   */
  readonly epoch: string;
  /** Strictly rising within an epoch, from 1. 0 is the place before the first record. */
  readonly offset: number;
}

/**
 * An update in the journal. Everything that a subscriber receives comes from records, in order of
 * `offset`.
 */
export interface JournalRecord extends Update {
  readonly offset: number;
  /**
   * Time of the append, in milliseconds since 1970. For trimming by age only. The order is by
   * `offset`.
   */
  readonly at: number;
}

/** How far one {@link Journal.read} may go. */
export interface ReadLimits {
  /** Most records to return, at least 1. */
  readonly maxRecords: number;
  /**
   * Bytes, as counted by {@link recordBytes}. The read stops after the record that reaches this
   * total. At least one record is returned.
   */
  readonly maxBytes: number;
  /**
   * Only records with one of these topics are of interest. A journal may leave out others if that
   * saves work.
   */
  readonly topics?: readonly string[] | undefined;
}

/** Most records with the same id that {@link Journal.find} returns. */
export const MAX_FOUND = 1000;

/**
 * Result of a read: the next records in order, or `trimmed` if the next record is no longer held.
 */
export type JournalPage =
  | {
      readonly kind: "records";
      readonly records: readonly JournalRecord[];
      /** Set if records were left out. No other records of interest exist up to this offset. */
      readonly upTo?: number | undefined;
    }
  | { readonly kind: "trimmed"; readonly head: number };

/**
 * Bounds on the records that a journal keeps. The oldest records go first. Leave a bound out for no
 * limit of that kind.
 */
export interface Retention {
  /** Longest age of a record, in milliseconds. */
  readonly maxAgeMs?: number;
  /** Most bytes of records, as counted by {@link recordBytes}. */
  readonly maxBytes?: number;
  /** Most records. */
  readonly maxCount?: number;
}

/**
 * The ordered, bounded record of updates: the only interface that a storage engine must implement.
 * The suite `journalContract` in `artesian/testing` checks an implementation.
 */
export interface Journal {
  /** The journal's identity. See {@link Position}. */
  readonly epoch: string;

  /**
   * The shared table, or undefined if the engine has none. Presence and revocations need the table.
   */
  readonly state?: JournalState | undefined;

  /**
   * Appends exactly once by key, or undefined if the engine can't. Publishing with an idempotency
   * key needs this.
   */
  readonly idempotency?: JournalIdempotency | undefined;

  /** The other processes of the journal, or undefined if they can't be asked. */
  readonly peers?: Peers | undefined;

  /**
   * Maps offsets to event ids if each process has the records in its own order. Undefined if
   * the order is the same in all processes.
   */
  readonly localOrder?: LocalOrder | undefined;

  /**
   * Appends a batch atomically and in order, and resolves once the batch is committed. The
   * journal's documentation says which failures an acknowledged update survives. Calls that overlap
   * may share one commit.
   *
   * @param batch - An empty batch appends nothing and notifies nobody. It resolves only if an
   *   update could be committed now.
   * @returns The offset of each update, rising.
   * @throws HubError `journal_full` or `journal_unavailable`: nothing of the batch was appended.
   *   `outcome_unknown`: all of the batch was appended, or nothing.
   */
  append(batch: readonly Update[]): Promise<readonly number[]>;

  /**
   * Reads records after an offset, in order. An empty page without `upTo` means that the tail was
   * reached. {@link tail} is then at least the offset that was read. After an offset beyond the
   * tail, {@link tail} is the engine's tail of now. Without an answer of the engine such a read
   * rejects.
   *
   * @param after - Read the records after this offset. 0 reads from the first record.
   * @returns `trimmed`, with the first offset still held, if a record after `after` was dropped.
   */
  read(after: number, limits: ReadLimits): Promise<JournalPage>;

  /**
   * Calls back with every record after an offset, once each and in order, as they are committed by
   * any process. Calls never overlap with each other.
   *
   * @returns Stops following.
   */
  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void;

  /**
   * Finds a publisher's own event id in O(log n).
   *
   * @returns The offsets of the held records with this id, rising, at most {@link MAX_FOUND}. Empty
   *   if no record has the id.
   */
  find(id: string): Promise<readonly number[]>;

  /**
   * Offset of the newest committed record known to this process, or 0 if there was never a record.
   */
  tail(): number;

  /** Offset of the oldest record held, or one more than the tail if no record is held. */
  head(): number;

  /** Bytes of the records held, as counted by {@link recordBytes}. */
  bytes(): number;

  /**
   * Offset of the newest record that a restored backup held. The records that followed before the
   * restore may be lost. So a publisher's own id up to this offset resumes with a gap. 0 or
   * undefined if no data were restored.
   */
  readonly restoredUpTo?: number | undefined;

  /**
   * How far the clock of this process may be ahead of the clock that stamps records, if that is
   * another machine's. An update expires only when its time to live is over by every clock. Default
   * 0.
   */
  readonly clockToleranceMs?: number | undefined;

  /**
   * Calls back when the engine no longer has its data, as when they were deleted or a replica
   * without the newest records has taken over. Nothing from before holds any more. By then
   * {@link epoch}, {@link head} and {@link tail} are the new ones, and followers go on after this
   * tail. Not called in the middle of a call of this interface. Undefined if that cannot happen
   * while the journal is open.
   *
   * @returns Stops watching.
   */
  readonly watchReplaced?: ((onReplaced: () => void) => () => void) | undefined;

  /**
   * Why the journal can't be used now, as when its files were removed or are damaged. The cause
   * tells the operator what to do. Undefined while the journal works, and also if each call throws
   * the reason itself.
   */
  readonly failure?: HubError | undefined;

  /**
   * Calls back when {@link failure} comes or goes. Not called in the middle of a call of this
   * interface.
   *
   * @returns Stops watching.
   */
  readonly watchFailure?: ((onChanged: () => void) => () => void) | undefined;

  /**
   * Calls back with the reason when the engine has been out of reach for a second or so, and with
   * undefined when the engine is back. Undefined if the journal has no engine that could be away.
   *
   * @returns Stops watching.
   */
  readonly watchAway?: ((onChange: (failure: HubError | undefined) => void) => () => void) | undefined;

  /**
   * Durations of the flushes to the disk by this process, or undefined if this process flushes
   * nothing.
   */
  readonly flushes?: DurationFigures | undefined;

  /**
   * Begins a new epoch, for when the operator says that a backup was restored and nothing else can
   * tell. {@link restoredUpTo} is then the tail. Undefined if restores are reported another way, or
   * are not possible.
   *
   * @throws HubError if the engine could not be told.
   */
  readonly beginEpoch?: (() => Promise<void>) | undefined;

  /** Finishes the appends under way, then releases every resource. */
  close(): Promise<void>;
}

/**
 * Tells whether the record's time to live is over, by a clock that may be ahead of the clock of the
 * append.
 */
export function isExpired(record: JournalRecord, now: number, toleranceMs = 0): boolean {
  return record.ttlMs !== undefined && now > record.at + record.ttlMs + toleranceMs;
}

/** Size of a record in byte limits and retention: its text, with a fixed 64 bytes for the rest. */
export function recordBytes(update: Update): number {
  let bytes = 64 + update.data.length + (update.id?.length ?? 0) + (update.type?.length ?? 0);
  for (const topic of update.topics) bytes += topic.length;
  return bytes;
}
