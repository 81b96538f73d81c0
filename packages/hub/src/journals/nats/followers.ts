import type { JournalPage, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";

type OnAppended = (records: readonly JournalRecord[]) => void;

interface Follower {
  readonly onAppended: OnAppended;
  /** The follower has every record up to here. */
  after: number;
  /**
   * Whether new records are given at once. Otherwise records are read until the follower is at the
   * tail.
   */
  isLive: boolean;
}

const PAGE: ReadLimits = { maxRecords: 1000, maxBytes: 4 * 1024 * 1024 };

/** The followers of the tail. */
export class Followers {
  readonly #all = new Set<Follower>();
  readonly #read: (after: number, limits: ReadLimits) => Promise<JournalPage>;
  /** All live followers have every record up to here. */
  #given = 0;

  constructor(read: (after: number, limits: ReadLimits) => Promise<JournalPage>) {
    this.#read = read;
  }

  /** @param missed - The records after the offset, if at hand. Otherwise they are read. */
  add(after: number, missed: readonly JournalRecord[] | undefined, onAppended: OnAppended): () => void {
    const follower: Follower = { onAppended, after, isLive: missed !== undefined };
    if (missed !== undefined && missed.length > 0) onAppended(missed);
    this.#all.add(follower);
    if (missed === undefined) void this.#catchUp(follower);
    return () => void this.#all.delete(follower);
  }

  give(records: readonly JournalRecord[]): void {
    this.#given = records.at(-1)?.offset ?? this.#given;
    for (const follower of this.#all) if (follower.isLive) follower.onAppended(records);
  }

  /** Makes all followers go on after an offset. */
  restart(after: number): void {
    this.#given = after;
    for (const follower of this.#all) {
      follower.after = after;
      follower.isLive = true;
    }
  }

  clear(): void {
    this.#all.clear();
  }

  async #catchUp(follower: Follower): Promise<void> {
    while (this.#all.has(follower) && !follower.isLive) {
      const { after } = follower;
      // If the server is away for longer than a read waits, the read is repeated.
      const page = await this.#read(after, PAGE).catch(() => undefined);
      if (page === undefined || follower.isLive || follower.after !== after || !this.#all.has(follower)) continue;
      if (page.kind === "trimmed") follower.after = page.head - 1;
      else if (page.records.length > 0) {
        follower.after = page.records.at(-1)?.offset ?? after;
        follower.onAppended(page.records);
      }
      follower.isLive = follower.after >= this.#given;
    }
  }
}
