import type { JournalPage, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";

type OnAppended = (records: readonly JournalRecord[]) => void;

interface Follower {
  readonly onAppended: OnAppended;
  /** It was given every record up to here. */
  after: number;
  /** Whether it is given what is appended at once; else it is read to it until it is there. */
  isLive: boolean;
}

const PAGE: ReadLimits = { maxRecords: 1000, maxBytes: 4 * 1024 * 1024 };

/** Those who follow the tail. */
export class Followers {
  readonly #all = new Set<Follower>();
  readonly #read: (after: number, limits: ReadLimits) => Promise<JournalPage>;
  /** All that are live were given every record up to here. */
  #given = 0;

  constructor(read: (after: number, limits: ReadLimits) => Promise<JournalPage>) {
    this.#read = read;
  }

  /** @param missed - What comes after the offset, where that is at hand; else it is read. */
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

  /** All go on after an offset. */
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
      // Where the server is away for longer than a read waits, it is asked again.
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
