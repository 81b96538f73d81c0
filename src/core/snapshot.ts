import { step } from "./step.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Journal, JournalRecord } from "./journal.ts";
import { nextTurn } from "./scheduler.ts";
import type { Selection } from "./selection.ts";

/** The newest updates of a selection at some moment. */
export interface Snapshot {
  /** Their offsets, rising. */
  readonly offsets: readonly number[];
  /** Everything after this is not in it. */
  readonly upTo: number;
}

/** Most records that are looked at for one snapshot: what is older than that is not in it. */
const SCANNED_RECORDS = 100_000;
/** How far the journal may have moved for a snapshot to be used again; the subscriber walks the rest. */
const REUSED_RECORDS = 500;
const KEPT = 32;

/** Takes snapshots, once for subscribers that come together: after a restart all of a page's viewers ask for the same. */
export class Snapshots {
  readonly #journal: Journal;
  readonly #dispatcher: Dispatcher;
  readonly #kept = new Map<string, { readonly upTo: number; readonly snapshot: Promise<Snapshot> }>();

  constructor(journal: Journal, dispatcher: Dispatcher) {
    this.#journal = journal;
    this.#dispatcher = dispatcher;
  }

  /** @param count - How many of each matcher's updates; where only the latest count, of how many topics. */
  take(selection: Selection, count: number): Promise<Snapshot> {
    const { position } = this.#dispatcher;
    // Offsets of a journal that was replaced mean nothing.
    const key = `${this.#dispatcher.epoch} ${count} ${selection.key}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && position >= kept.upTo && position - kept.upTo <= REUSED_RECORDS) return kept.snapshot;
    const snapshot = this.#scan(selection, count, position);
    this.#kept.delete(key);
    this.#kept.set(key, { upTo: position, snapshot });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    snapshot.catch(() => this.#kept.delete(key));
    return snapshot;
  }

  /** Walks back from the position, a page at a time, until nothing more is wanted. */
  async #scan(selection: Selection, count: number, upTo: number): Promise<Snapshot> {
    const wanted = selection.pace.latest ? new NewestOfTopics(count) : new NewestOfMatchers(selection, count);
    const offsets: number[] = [];
    const last = Math.max(this.#journal.head() - 1, upTo - SCANNED_RECORDS);
    for (let end = upTo; end > last && !wanted.isComplete;) {
      const start = Math.max(last, end - this.#dispatcher.page.maxRecords);
      const { records, isCut } = await this.#range(start, end, selection.topics);
      for (const record of records.toReversed()) if (selection.selects(record) && wanted.take(record)) offsets.push(record.offset);
      if (isCut) break;
      end = start;
      await nextTurn();
    }
    return { offsets: offsets.toReversed(), upTo };
  }

  /** The records after `start` up to `end`; where some of them are not held, those after these. */
  async #range(
    start: number,
    end: number,
    topics: readonly string[] | undefined,
  ): Promise<{ readonly records: readonly JournalRecord[]; readonly isCut: boolean }> {
    let records: JournalRecord[] = [];
    let isCut = false;
    for (let after = start; after < end;) {
      const found = await step(this.#dispatcher, this.#journal, after, undefined, topics);
      if (found.kind === "trimmed") {
        records = [];
        isCut = true;
        after = Math.max(found.head - 1, after + 1);
        continue;
      }
      if (found.upTo === after) break;
      after = found.upTo;
      for (const { record } of found.entries) if (record.offset <= end) records.push(record);
    }
    return { records, isCut };
  }
}

class NewestOfTopics {
  readonly #seen = new Set<string>();
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  get isComplete(): boolean {
    return this.#seen.size >= this.#count;
  }

  take({ topics }: JournalRecord): boolean {
    const [topic = ""] = topics;
    if (this.isComplete || this.#seen.has(topic)) return false;
    this.#seen.add(topic);
    return true;
  }
}

class NewestOfMatchers {
  readonly #selection: Selection;
  readonly #left: number[];

  constructor(selection: Selection, count: number) {
    this.#selection = selection;
    this.#left = selection.matchers.map(() => count);
  }

  get isComplete(): boolean {
    return this.#left.every((left) => left === 0);
  }

  take(record: JournalRecord): boolean {
    let isWanted = false;
    for (const [index, left] of this.#left.entries()) {
      if (left === 0 || !this.#selection.selectedBy(index, record)) continue;
      this.#left[index] = left - 1;
      isWanted = true;
    }
    return isWanted;
  }
}
