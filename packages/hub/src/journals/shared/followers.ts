import { type JournalPage, type JournalRecord, type ReadLimits, recordBytes } from "../../core/journal/journal.ts";
import { sleep } from "../../core/scheduler.ts";

/** Newest records kept in memory, so that a follower that starts near the tail begins at once. */
const RECENT_RECORDS = 1000;
const RECENT_BYTES = 1024 * 1024;
/** Time until a failed read is repeated, in milliseconds. */
const RETRY_MS = 500;
const PAGE: ReadLimits = { maxRecords: 500, maxBytes: 1024 * 1024 };

interface Follower {
  /** The last offset given to the follower, or its start. */
  after: number;
  /** Whether the follower has all seen records, so that the next records are given at once. */
  isAtTail: boolean;
  readonly onAppended: (records: readonly JournalRecord[]) => void;
}

/** The followers of a journal, and the last records given. */
export class Followers {
  readonly #read: (after: number, limits: ReadLimits) => Promise<JournalPage>;
  readonly #followers = new Set<Follower>();
  /** Without a hole. */
  #recent: JournalRecord[] = [];
  #recentBytes = 0;
  /** The last offset that was given. */
  #given = 0;

  /** @param read - Reads records that are no longer in memory. */
  constructor(read: (after: number, limits: ReadLimits) => Promise<JournalPage>) {
    this.#read = read;
  }

  /** @param seen - The last offset that was given. */
  follow(after: number, seen: number, onAppended: Follower["onAppended"]): () => void {
    const follower: Follower = { after, isAtTail: true, onAppended };
    this.#followers.add(follower);
    // The journal was replaced, or records could not be read.
    if (seen !== this.#given) this.#recent = [];
    this.#given = seen;
    if (after < seen && !this.#giveRecent(follower)) {
      follower.isAtTail = false;
      void this.#catchUp(follower);
    }
    return () => void this.#followers.delete(follower);
  }

  /** @param records - In order, each once, after all that were given before. */
  give(records: readonly JournalRecord[]): void {
    this.#keep(records);
    const last = (records.at(-1) as JournalRecord).offset;
    this.#given = last;
    for (const follower of this.#followers) {
      if (!follower.isAtTail || last <= follower.after) continue;
      const { after } = follower;
      follower.after = last;
      follower.onAppended((records[0] as JournalRecord).offset > after ? records : records.filter(({ offset }) => offset > after));
    }
  }

  /** Makes all followers go on after this offset. */
  restart(seen: number): void {
    this.#given = seen;
    this.#recent = [];
    this.#recentBytes = 0;
    for (const follower of this.#followers) {
      follower.after = seen;
      follower.isAtTail = true;
    }
  }

  clear(): void {
    this.#followers.clear();
  }

  #keep(records: readonly JournalRecord[]): void {
    if (this.#recent.length > 0 && this.#recent.at(-1)?.offset !== (records[0] as JournalRecord).offset - 1) this.#recent = [];
    if (this.#recent.length === 0) this.#recentBytes = 0;
    for (const record of records) {
      this.#recent.push(record);
      this.#recentBytes += recordBytes(record);
    }
    // Cut now and then, so that a record costs the same at any size.
    if (this.#recent.length <= 2 * RECENT_RECORDS && this.#recentBytes <= 2 * RECENT_BYTES) return;
    let first = this.#recent.length;
    let bytes = 0;
    while (first > 0 && this.#recent.length - first < RECENT_RECORDS) {
      const next = bytes + recordBytes(this.#recent[first - 1] as JournalRecord);
      if (next > RECENT_BYTES) break;
      bytes = next;
      first--;
    }
    this.#recent = this.#recent.slice(first);
    this.#recentBytes = bytes;
  }

  /** @returns Whether all missed records were in memory. */
  #giveRecent(follower: Follower): boolean {
    const first = this.#recent[0]?.offset;
    if (first === undefined || first > follower.after + 1) return false;
    const missed = this.#recent.slice(follower.after + 1 - first);
    const last = missed.at(-1);
    if (last !== undefined) {
      follower.after = last.offset;
      follower.onAppended(missed);
    }
    return true;
  }

  async #catchUp(follower: Follower): Promise<void> {
    while (this.#followers.has(follower) && !follower.isAtTail) {
      const from = follower.after;
      let page: JournalPage;
      try {
        page = await this.#read(from, PAGE);
      } catch {
        await sleep(RETRY_MS); // Until the engine is back, or the journal is closed.
        continue;
      }
      // The journal was replaced meanwhile, or the follower stopped.
      if (follower.isAtTail || follower.after !== from || !this.#followers.has(follower)) return;
      if (page.kind === "trimmed") {
        follower.after = page.head - 1;
      } else if (page.records.length > 0) {
        follower.after = (page.records.at(-1) as JournalRecord).offset;
        follower.onAppended(page.records);
      }
      const isEnd = page.kind === "records" && page.records.length === 0;
      follower.isAtTail = this.#giveRecent(follower) || (isEnd && this.#given <= follower.after);
    }
  }
}
