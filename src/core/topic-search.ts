import type { JournalRecord } from "./journal.ts";
import type { MatcherIndex } from "./matcher-index.ts";
import { monotonicMs } from "./scheduler.ts";

/** Tests the topics of records on all patterns, a slice of time after the other. */
export class TopicSearch {
  readonly #index: MatcherIndex;
  /** The record whose search took the last slice to its end, and how many of its topics were searched. */
  #begun: { readonly record: JournalRecord; readonly topics: number } | undefined;

  constructor(index: MatcherIndex) {
    this.#index = index;
  }

  /**
   * Searches until a time, and for one topic at least.
   *
   * @param records - In order. If the last call left off within a record, the call goes on there if the record is the first one now.
   * @returns How many of the records are searched.
   */
  advance(records: readonly JournalRecord[], untilMs: number): number {
    // Searched topics may be forgotten again: a search that began over at each slice might never end.
    let from = this.#begun !== undefined && this.#begun.record === records[0] ? this.#begun.topics : 0;
    this.#begun = undefined;
    for (let i = 0; i < records.length; i++, from = 0) {
      const record = records[i] as JournalRecord;
      for (let topics = from; topics < record.topics.length;) {
        // Most topics are known, and need no look at the clock.
        const isSearched = this.#index.prepare(record.topics[topics++] as string);
        if (!isSearched || monotonicMs() < untilMs) continue;
        if (topics === record.topics.length) return i + 1;
        this.#begun = { record, topics };
        return i;
      }
    }
    return records.length;
  }
}
