import { addressGroup } from "../address-key.ts";
import type { Dispatcher } from "../live/dispatcher.ts";
import { HubError } from "../errors.ts";
import { isExpired, type Journal, type JournalRecord } from "../journal/journal.ts";
import { LogThrottle } from "../log-throttle.ts";
import type { Logger } from "../logger.ts";
import { NewestTail } from "./newest-tail.ts";
import { type ScanLimits, ScanQueue } from "./scan-queue.ts";
import type { Selection } from "../matching/selection.ts";
import { readPage } from "./read-page.ts";
import type { Turns } from "../turns.ts";

/** The newest updates of a selection at some moment. */
export interface Snapshot {
  /** Their offsets, rising. */
  readonly offsets: readonly number[];
  /** The snapshot has nothing after this offset. */
  readonly upTo: number;
}

/** Most records scanned for one snapshot. Older updates are not in the snapshot. */
const SCANNED_RECORDS = 100_000;
/**
 * Most snapshots kept, and most updates in all of them. A stranger may ask for a hundred matchers,
 * with a thousand updates each.
 */
const KEPT = { snapshots: 32, updates: 100_000 };

/** Longest data that a record keeps during a scan, which needs none, in UTF-16 units. */
const KEPT_LENGTH = 1024;

/** An update of a snapshot. */
interface Taken {
  readonly offset: number;
  /** Time after which the update does not count, in milliseconds since 1970. */
  readonly endsAt: number;
  /** The topics or the indices of the matchers for which the update counts. */
  readonly counts: readonly (string | number)[];
}

/** A kept snapshot, so that the next scan reads only newer records. */
interface Kept {
  /** In order, the newest first. */
  readonly taken: readonly Taken[];
  readonly upTo: number;
  /** The journal's head at the time. */
  readonly head: number;
}

/** The client that asks for a snapshot. */
export interface Asker {
  /** Undefined if the runtime does not tell. */
  readonly address: string | undefined;
  /** Whether the client has left. */
  readonly isGone: () => boolean;
}

/** The process itself asks. */
export const THIS_PROCESS: Asker = { address: undefined, isGone: () => false };

/** A request for a snapshot. */
interface Wanted {
  readonly selection: Selection;
  readonly count: number;
  readonly upTo: number;
  readonly isGone: () => boolean;
}

/**
 * Takes snapshots. Subscribers that come together share the work. After a restart all of a page's
 * viewers ask for the same snapshot.
 */
export class Snapshots {
  readonly #journal: Journal;
  readonly #dispatcher: Dispatcher;
  readonly #tail: NewestTail;
  readonly #turns: Turns;
  /** Only scans that have a place, and finished scans. In order of use, the most recent last. */
  readonly #kept = new Map<string, Promise<Kept>>();
  /** Number of updates of each complete snapshot. */
  readonly #sizes = new Map<Promise<Kept>, number>();
  readonly #limits: ScanLimits;
  readonly #places: ScanQueue;
  /** Scans that wait for a place, by their group and key. */
  readonly #queued = new Map<string, Promise<void>>();
  readonly #notices: LogThrottle;
  /** The journal's newest offset at the last check. */
  #newest = 0;

  /** @param limits - Number of scans that run at a time, and of scans that wait. */
  constructor(journal: Journal, dispatcher: Dispatcher, turns: Turns, limits: ScanLimits, logger: Logger) {
    this.#turns = turns;
    this.#journal = journal;
    this.#dispatcher = dispatcher;
    this.#tail = new NewestTail(journal);
    this.#limits = limits;
    this.#places = new ScanQueue(limits);
    this.#notices = new LogThrottle(logger);
  }

  /**
   * Takes the newest updates at the time of the call. Updates of any process count if they were
   * acknowledged before the call.
   *
   * @param count - Number of updates per matcher. If only the latest counts, number of topics.
   * @param asker - The scan ends if this client leaves.
   * @throws HubError `journal_unavailable`, or `overloaded` if too many scans wait.
   */
  async take(selection: Selection, count: number, { address, isGone }: Asker): Promise<Snapshot> {
    const upTo = await this.#tail.find();
    this.#newest = upTo;
    // Offsets of a journal that was replaced mean nothing.
    const key = `${this.#dispatcher.epoch} ${count} ${selection.key}`;
    const kept = await this.#find(key, addressGroup(address), { selection, count, upTo, isGone });
    return { offsets: kept.taken.map(({ offset }) => offset).toReversed(), upTo: kept.upTo };
  }

  /**
   * Waits for a scan with the same result, or for a place for a new scan. A scan without a place is
   * shared by requests of its own address only, because others must not wait for its turn.
   */
  async #find(key: string, group: string, wanted: Wanted): Promise<Kept> {
    const { upTo } = wanted;
    const name = `${group} ${key}`;
    let seen: Promise<Kept> | undefined;
    /**
     * Whether a new scan began after this request, so that its result includes everything wanted.
     */
    let isLater = false;
    for (;;) {
      const running = this.#kept.get(key);
      const queued = this.#queued.get(name);
      if (running !== undefined && running !== seen) {
        const kept = await running.catch(() => undefined);
        if (kept !== undefined && this.#holds(kept) && (kept.upTo === upTo || (isLater && kept.upTo > upTo))) {
          this.#touch(key, running);
          return kept;
        }
        seen = running;
      } else if (queued !== undefined) await queued;
      else {
        const turn = this.#places.take(group);
        if (turn !== undefined) await this.#wait(name, turn);
        return this.#begin(key, group, { ...wanted, upTo: this.#newest });
      }
      isLater = true;
    }
  }

  /**
   * Waits for a place. Requests that join are resumed after the caller that waits first. By then,
   * its scan has begun.
   */
  #wait(name: string, turn: Promise<void>): Promise<void> {
    this.#notices.warn(
      "scans",
      { limit: this.#limits.snapshotScans },
      "a subscription waits: as many looks for the newest updates run as may (snapshotScans)",
    );
    const turned = turn.then(() => void this.#queued.delete(name));
    this.#queued.set(name, turned);
    return turned;
  }

  /** Scans in a place, and frees the place afterwards. */
  async #begin(key: string, group: string, wanted: Wanted): Promise<Kept> {
    const taking = this.#advance(this.#kept.get(key), wanted);
    this.#forget(key);
    this.#kept.set(key, taking);
    try {
      const kept = await taking;
      if (this.#kept.get(key) === taking) this.#sizes.set(taking, kept.taken.length);
      this.#settle();
      return kept;
    } catch (error) {
      if (this.#kept.get(key) === taking) this.#forget(key);
      throw error;
    } finally {
      this.#places.free(group);
    }
  }

  #touch(key: string, kept: Promise<Kept>): void {
    if (this.#kept.get(key) !== kept) return;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    if (kept !== undefined) this.#sizes.delete(kept);
  }

  /** Drops the least recently used snapshots. */
  #settle(): void {
    let updates = 0;
    for (const size of this.#sizes.values()) updates += size;
    for (const [key, kept] of this.#kept) {
      if (this.#kept.size <= KEPT.snapshots && updates <= KEPT.updates) return;
      updates -= this.#sizes.get(kept) ?? 0;
      this.#forget(key);
    }
  }

  async #advance(before: Promise<Kept> | undefined, wanted: Wanted): Promise<Kept> {
    const { upTo } = wanted;
    const kept = await before?.catch(() => undefined);
    const isVoid = kept === undefined || kept.upTo > upTo || !this.#holds(kept);
    if (!isVoid && kept.upTo === upTo) return kept;
    return this.#scan(wanted, isVoid ? undefined : kept);
  }

  /**
   * An older update that was left out counts once a newer update has ended. The same holds when a
   * partition has dropped an update that is newer than others'.
   */
  #holds({ head, taken }: Kept): boolean {
    const now = Date.now();
    return (this.#journal.localOrder === undefined || head === this.#journal.head()) && !taken.some(({ endsAt }) => endsAt < now);
  }

  /**
   * Scans back from the end, a page at a time, until nothing more is wanted, or the kept snapshot
   * covers the rest.
   */
  async #scan({ selection, count, upTo, isGone }: Wanted, kept: Kept | undefined): Promise<Kept> {
    const newest = new Newest(selection, count);
    const head = this.#journal.head();
    const last = Math.max(head - 1, upTo - SCANNED_RECORDS, kept?.upTo ?? 0);
    let isCut = false;
    for (let end = upTo; end > last && !newest.isComplete && !isCut;) {
      // The next request in the same place scans for itself.
      if (isGone()) throw new HubError("journal_unavailable", "The request was ended by its client.");
      const start = Math.max(last, end - this.#dispatcher.page.maxRecords);
      const range = await this.#range(start, end, selection.topics);
      await this.#turns.run(newest.looking(range.records.toReversed(), this.#dispatcher.clockToleranceMs));
      ({ isCut } = range);
      end = start;
      // All scans together hold up a turn of the event loop for a few milliseconds, for any number
      // of scans.
      await this.#turns.next();
    }
    if (!isCut) for (const taken of kept?.taken ?? []) newest.take(taken);
    return { taken: newest.taken, upTo, head };
  }

  /**
   * The records after `start` up to `end`, without long data. If some are not held, the records
   * after these.
   */
  async #range(
    start: number,
    end: number,
    topics: readonly string[] | undefined,
  ): Promise<{ readonly records: readonly JournalRecord[]; readonly isCut: boolean }> {
    let records: JournalRecord[] = [];
    let isCut = false;
    for (let after = start; after < end;) {
      const found = await this.#next(after, end, topics);
      if (found.kind === "trimmed") {
        records = [];
        isCut = true;
        after = Math.max(found.head - 1, after + 1);
        continue;
      }
      if (found.upTo === after) break;
      after = found.upTo;
      // A page of large updates would fill the memory, and a read of them takes milliseconds.
      for (const record of found.records) {
        if (record.offset <= end) records.push(record.data.length > KEPT_LENGTH ? { ...record, data: "" } : record);
      }
      if (after < end) await this.#turns.next();
    }
    return { records, isCut };
  }

  /** The next records, including records not dispatched here yet. */
  async #next(
    after: number,
    end: number,
    topics: readonly string[] | undefined,
  ): Promise<
    | { readonly kind: "records"; readonly records: readonly JournalRecord[]; readonly upTo: number }
    | { readonly kind: "trimmed"; readonly head: number }
  > {
    if (after < this.#dispatcher.position) {
      const found = await readPage(this.#dispatcher, this.#journal, after, undefined, topics);
      return found.kind === "trimmed" ? found : { ...found, records: found.entries.map(({ record }) => record) };
    }
    const { page } = this.#dispatcher;
    const read = await this.#journal.read(after, { ...page, maxRecords: Math.min(page.maxRecords, end - after), topics });
    return read.kind === "trimmed" ? read : { ...read, upTo: read.upTo ?? read.records.at(-1)?.offset ?? after };
  }
}

/** Counts the newest updates of each matcher, or the newest update of each topic. */
class Newest {
  /** In order, the newest first. */
  readonly taken: Taken[] = [];
  readonly #selection: Selection;
  readonly #most: number;
  /** Number of updates taken, by topic or by the index of the matcher. */
  readonly #counted = new Map<string | number, number>();
  #open: number;

  constructor(selection: Selection, count: number) {
    this.#selection = selection;
    const { latest } = selection.pace;
    this.#most = latest ? 1 : count;
    this.#open = latest ? count : selection.matchers.length;
  }

  /** Whether nothing older is wanted. */
  get isComplete(): boolean {
    return this.#open === 0;
  }

  /**
   * Takes the records that are wanted, may be read and have not ended. Yields when others may have
   * their turn.
   */
  *looking(records: readonly JournalRecord[], clockToleranceMs: number | undefined): Generator<undefined, undefined> {
    for (const record of records) {
      if (this.isComplete) return;
      if (!isExpired(record, Date.now(), clockToleranceMs)) yield* this.#look(record, clockToleranceMs);
      yield;
    }
  }

  *#look(record: JournalRecord, clockToleranceMs: number | undefined): Generator<undefined, undefined> {
    const selection = this.#selection;
    if (!(yield* selection.selecting(record))) return;
    const counts = selection.pace.latest ? record.topics.slice(0, 1) : yield* selection.selectedBy(record);
    const endsAt = record.ttlMs === undefined ? Infinity : record.at + record.ttlMs + (clockToleranceMs ?? 0);
    this.take({ offset: record.offset, endsAt, counts });
  }

  /** @param taken - Older than all before. */
  take(taken: Taken): void {
    if (this.isComplete || !taken.counts.some((one) => this.#countOf(one) < this.#most)) return;
    for (const one of taken.counts) {
      const count = this.#countOf(one);
      if (count === this.#most) continue;
      this.#counted.set(one, count + 1);
      if (count + 1 === this.#most) this.#open--;
    }
    this.taken.push(taken);
  }

  #countOf(one: string | number): number {
    return this.#counted.get(one) ?? 0;
  }
}
