import type { JournalRecord } from "../journal/journal.ts";
import type { MatcherIndex } from "./matcher-index.ts";
import type { KnownTopic } from "./pattern-index.ts";
import { monotonicMs } from "../scheduler.ts";

/** A search that ran to the end of the last slice. */
interface Begun {
  readonly record: JournalRecord;
  /** Number of the record's topics already searched. */
  readonly topics: number;
  /** The search of the next topic. */
  readonly work: Generator<undefined, KnownTopic>;
}

/** Tests the topics of records on all patterns, one slice of time after the other. */
export class TopicSearch {
  readonly #index: MatcherIndex;
  /** By topic. The index forgets, so the results are kept here until the records are dispatched. */
  readonly #found = new Map<string, KnownTopic>();
  #begun: Begun | undefined;

  constructor(index: MatcherIndex) {
    this.#index = index;
  }

  /** Result for a topic since the last {@link clear}. */
  found(topic: string): KnownTopic | undefined {
    return this.#found.get(topic);
  }

  /** Forgets the results, because their records are dispatched. */
  clear(): void {
    if (this.#begun === undefined && this.#found.size > 0) this.#found.clear();
  }

  /** Also forgets a search that was begun. Its record was dispatched without the search. */
  reset(): void {
    this.#begun = undefined;
    this.#found.clear();
  }

  /**
   * Searches until a time.
   *
   * @param records - In order. If the last call stopped within a record, the call resumes there,
   *   provided that the record is now the first.
   * @returns Number of records searched.
   */
  advance(records: readonly JournalRecord[], untilMs: number): number {
    let begun = this.#begun?.record === records[0] ? this.#begun : undefined;
    this.#begun = undefined;
    if (this.#index.patternCount === 0) return records.length;
    for (let i = 0; i < records.length; i++) {
      const record = records[i] as JournalRecord;
      for (let topics = begun?.topics ?? 0; topics < record.topics.length; topics++) {
        const topic = record.topics[topics] as string;
        // Most topics are known, and need no look at the clock.
        if (begun === undefined && this.#isFound(topic)) continue;
        const work: Generator<undefined, KnownTopic> = begun?.work ?? this.#index.searching(topic);
        begun = undefined;
        let step = work.next();
        while (step.done !== true) {
          if (monotonicMs() >= untilMs) {
            this.#begun = { record, topics, work };
            return i;
          }
          step = work.next();
        }
        this.#found.set(topic, step.value);
      }
    }
    return records.length;
  }

  #isFound(topic: string): boolean {
    const known = this.#index.known(topic);
    if (known !== undefined) this.#found.set(topic, known);
    return known !== undefined;
  }
}
