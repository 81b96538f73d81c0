import type { JournalRecord } from "../../core/journal/journal.ts";

type Follower = (records: readonly JournalRecord[]) => void;

/** The end of the journal up to which followers have every record, and the followers. */
export class Tail {
  readonly #read: (after: number, upTo: number) => readonly JournalRecord[];
  readonly #followers = new Set<Follower>();
  #seen: number;

  /** @param read - Reads the records after an offset, up to another. May throw. */
  constructor(seen: number, read: (after: number, upTo: number) => readonly JournalRecord[]) {
    this.#seen = seen;
    this.#read = read;
  }

  /** Followers have every record up to this offset. */
  get seen(): number {
    return this.#seen;
  }

  /** See `Journal.follow`. */
  follow(after: number, onAppended: Follower): () => void {
    const missed = this.#read(after, this.#seen);
    if (missed.length > 0) onAppended(missed);
    this.#followers.add(onAppended);
    return () => void this.#followers.delete(onAppended);
  }

  /** Gives followers the records after their last one. `records`, if at hand, end at the tail. */
  advance(tail: number, records: readonly JournalRecord[] = []): void {
    if (tail <= this.#seen) return;
    let appended = records;
    if (records[0]?.offset !== this.#seen + 1) {
      try {
        appended = this.#read(this.#seen, tail);
      } catch {
        return; // Followers get them at the next check, or the journal is known to be damaged.
      }
    }
    this.#seen = tail;
    for (const follower of this.#followers) follower(appended);
  }

  clear(): void {
    this.#followers.clear();
  }
}
