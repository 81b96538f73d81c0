import type { HubError } from "../errors.ts";
import type { JournalIdempotency } from "./idempotency.ts";
import type { Peers } from "./peers.ts";
import type { JournalPlaces } from "./places.ts";
import type { JournalState } from "./state.ts";
import type { Update } from "../update/update.ts";

/**
 * A place in a journal. Offsets only compare within one epoch: a wiped or restored journal has a new epoch,
 * and a position from another epoch is a gap, never silently "from now".
 *
 * Example of the loss that this prevents: a subscriber has seen offset 500; the journal's directory is deleted
 * and the hub restarted; 600 new updates are appended. Offset 500 exists again, but it is another update:
 * resuming there would skip 500 updates in silence. The epochs differ, so the subscriber is told of a gap.
 */
export interface Position {
  /** The journal's identity: 8 characters of `A–Z a–z 0–9`, chosen at random when the journal is created. */
  readonly epoch: string;
  /** Strictly rising within an epoch, from 1; 0 is the place before the first record. */
  readonly offset: number;
}

/** An update in the journal. Everything that a subscriber receives is read off these, in order of `offset`. */
export interface JournalRecord extends Update {
  readonly offset: number;
  /** When it was appended, in milliseconds since 1970. For trimming by age only; order is by `offset`. */
  readonly at: number;
}

/** How far one {@link Journal.read} may go. */
export interface ReadLimits {
  /** Most records to return, at least 1. */
  readonly maxRecords: number;
  /** Stop after the record that brings the total of {@link recordBytes} to this many. At least one record is returned. */
  readonly maxBytes: number;
  /** Only records with one of these topics are of interest. A journal may leave out others where that saves it work. */
  readonly topics?: readonly string[] | undefined;
}

/** Most records with the same id that {@link Journal.find} tells of. */
export const MAX_FOUND = 1000;

/** What a read found: the next records in order, or that the place asked for is no longer held. */
export type JournalPage =
  | {
      readonly kind: "records";
      readonly records: readonly JournalRecord[];
      /** Where records were left out: there are no others of interest up to this offset. */
      readonly upTo?: number | undefined;
    }
  | { readonly kind: "trimmed"; readonly head: number };

/** Bounds on what a journal keeps; the oldest records go first. Leave one out for no bound of that kind. */
export interface Retention {
  /** Longest age of a record, in milliseconds. */
  readonly maxAgeMs?: number;
  /** Most bytes of records, as counted by {@link recordBytes}. */
  readonly maxBytes?: number;
  /** Most records. */
  readonly maxCount?: number;
}

/**
 * The ordered, bounded record of updates: the only thing that a storage engine must implement. The suite
 * `journalContract` in `artesian/testing` checks an implementation.
 */
export interface Journal {
  /** The journal's identity; see {@link Position}. */
  readonly epoch: string;

  /** The shared table; undefined where the engine has none. Presence and revocations need it. */
  readonly state?: JournalState | undefined;

  /** What appends once; undefined where the engine can't. Publishing with an idempotency key needs it. */
  readonly idempotency?: JournalIdempotency | undefined;

  /** The other processes of the journal; undefined where they can't be asked. */
  readonly peers?: Peers | undefined;

  /** What tells places to peers where offsets are of this process alone; undefined where they are the same in all. */
  readonly places?: JournalPlaces | undefined;

  /**
   * Appends a batch atomically and in order, and resolves once it is committed: what is acknowledged survives
   * whatever the journal's documentation says it survives. Calls that overlap may share one commit.
   *
   * @param batch - Empty: appends nothing and tells nobody. Resolves only if an update could be
   * committed now.
   * @returns The offset of each update, rising.
   * @throws HubError `journal_full` or `journal_unavailable`: nothing of the batch was appended. `outcome_unknown`: all of it was, or nothing.
   */
  append(batch: readonly Update[]): Promise<readonly number[]>;

  /**
   * Reads records after an offset, in order. An empty page that tells no `upTo` means that the tail was reached. By then {@link tail} is at least what was read, and after an offset beyond it, what
   * the engine has now; without an answer of the engine such a read rejects.
   *
   * @param after - Read what follows this offset; 0 reads from the first record.
   * @returns `trimmed`, with the first offset still held, when a record after `after` was dropped.
   */
  read(after: number, limits: ReadLimits): Promise<JournalPage>;

  /**
   * Calls back with every record after an offset, once each and in order, as they are committed, by whichever
   * process. Calls never overlap with each other.
   *
   * @returns Stops following.
   */
  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void;

  /**
   * Finds a publisher's own event id in O(log n).
   *
   * @returns The offsets of the records held with this id, rising, at most {@link MAX_FOUND}; none where there is no such one.
   */
  find(id: string): Promise<readonly number[]>;

  /** Offset of the newest committed record known to this process; 0 when there was never one. */
  tail(): number;

  /** Offset of the oldest record held; one more than the tail when none is held. */
  head(): number;

  /** Bytes of the records held, as {@link recordBytes} counts them. */
  bytes(): number;

  /**
   * Offset of the newest record that was there when data were put back from a copy: what followed it before may be lost. So an id that a publisher chose tells a place up
   * to it, and a gap. 0 or undefined when no data were put back.
   */
  readonly restoredUpTo?: number | undefined;

  /**
   * By how much the clock of this process may be ahead of the one that records are appended by, where that is another machine's: an update is not taken for one whose time to
   * live is over until it is so by every clock. Default 0.
   */
  readonly clockToleranceMs?: number | undefined;

  /**
   * Calls back when the engine no longer has what it had, as when its data were deleted or a replica without the newest records has taken over: nothing of before
   * holds any more. By then {@link epoch}, {@link head} and {@link tail} are the new ones, and followers go on after this tail. Not called in the middle of a call of
   * this interface. Undefined where that cannot happen while the journal is open.
   *
   * @returns Stops watching.
   */
  readonly watchReplaced?: ((onReplaced: () => void) => () => void) | undefined;

  /**
   * Why the journal can't be used now, as when its files were removed or are damaged. The cause tells the operator what to do. Undefined while the journal can
   * be used, and if that is told by what each call throws.
   */
  readonly failure?: HubError | undefined;

  /**
   * Calls back when {@link failure} comes or goes. Not called in the middle of a call of this interface.
   *
   * @returns Stops watching.
   */
  readonly watchFailure?: ((onChanged: () => void) => () => void) | undefined;

  /**
   * Calls back with the reason when the engine has been out of reach for a second or so, and with undefined when it is back. Undefined if the journal has no
   * engine that could be away.
   *
   * @returns Stops watching.
   */
  readonly watchAway?: ((onChange: (failure: HubError | undefined) => void) => () => void) | undefined;

  /**
   * Begins a new epoch, for when the operator says that data were put back and nothing else can tell. {@link restoredUpTo} is then the tail. Undefined where it is said
   * another way, or nothing can be put back.
   *
   * @throws HubError when the engine could not be told.
   */
  readonly beginEpoch?: (() => Promise<void>) | undefined;

  /** Finishes the appends under way, then lets go of every resource. */
  close(): Promise<void>;
}

/** Whether the record's time to live is over, by a clock that may be ahead of the one it was appended by. */
export function isExpired(record: JournalRecord, now: number, toleranceMs = 0): boolean {
  return record.ttlMs !== undefined && now > record.at + record.ttlMs + toleranceMs;
}

/** What a record counts for in byte limits and retention: its text, with a fixed 64 bytes for the rest. */
export function recordBytes(update: Update): number {
  let bytes = 64 + update.data.length + (update.id?.length ?? 0) + (update.type?.length ?? 0);
  for (const topic of update.topics) bytes += topic.length;
  return bytes;
}
