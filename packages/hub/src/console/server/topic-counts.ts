import type { Hub, JournalRecord } from "../../index.ts";
import { partsOf } from "../../create-hub.ts";
import { Lease } from "../../core/lease.ts";
import { WATCHED_MS } from "./options.ts";
import { isOwn } from "./own-updates.ts";
import type { TopicRow, TopicsPage } from "./wire.ts";

/** Most topics that are counted. The topic without an update for the longest time goes first. */
export const MOST_TOPICS = 1000;
/** Most updates of the past to begin with. */
const PAST = 5000;
/** Rates are over the current span and the span before, in milliseconds. */
const SPAN_MS = 5000;

interface Counted {
  updates: number;
  characters: number;
  lastAt: number;
  /** Number of the current span, and the updates and characters in this span and in the span before. */
  span: number;
  current: readonly [number, number];
  before: readonly [number, number];
}

const NONE = [0, 0] as const;

/** Counts the updates of each topic, the first of an update's topics, while somebody looks. */
export class TopicCounts {
  readonly #most: number;
  readonly #lease: Lease;
  /** The longest without an update first. */
  readonly #topics = new Map<string, Counted>();
  #since = 0;
  #left = 0;

  constructor(hub: Hub, most: number) {
    this.#most = most;
    this.#lease = new Lease(WATCHED_MS, () => {
      this.#topics.clear();
      this.#left = 0;
      this.#since = Date.now();
      return partsOf(hub).process.followUpdates(PAST, (records) => this.#take(records));
    });
  }

  read(): TopicsPage {
    this.#lease.extend();
    const now = Date.now();
    const topics = [...this.#topics].map(([topic, counted]): TopicRow => {
      const [updates, characters] = ratesOf(counted, now);
      return [topic, counted.updates, counted.characters, updates, characters, counted.lastAt];
    });
    return { since: this.#since, topics, left: this.#left };
  }

  close(): void {
    this.#lease.end();
  }

  #take(records: readonly JournalRecord[]): void {
    for (const record of records) {
      if (isOwn(record)) continue;
      const topic = record.topics[0] as string;
      const span = Math.floor(record.at / SPAN_MS);
      this.#since = Math.min(this.#since, record.at);
      let counted = this.#topics.get(topic);
      if (counted === undefined) counted = { updates: 0, characters: 0, lastAt: 0, span, current: NONE, before: NONE };
      else this.#topics.delete(topic);
      this.#topics.set(topic, counted);
      if (span > counted.span) {
        counted.before = span === counted.span + 1 ? counted.current : NONE;
        counted.current = NONE;
        counted.span = span;
      }
      counted.updates += 1;
      counted.characters += record.data.length;
      counted.current = [counted.current[0] + 1, counted.current[1] + record.data.length];
      counted.lastAt = record.at;
    }
    for (const topic of this.#topics.keys()) {
      if (this.#topics.size <= this.#most) break;
      this.#topics.delete(topic);
      this.#left += 1;
    }
  }
}

/** Updates and characters a second. */
function ratesOf({ span, current, before }: Counted, now: number): readonly [number, number] {
  const age = Math.floor(now / SPAN_MS) - span;
  const seconds = (SPAN_MS + (now % SPAN_MS)) / 1000;
  const rate = (i: 0 | 1): number => {
    const sum = age <= 0 ? current[i] + before[i] : age === 1 ? current[i] : 0;
    return Math.round((sum / seconds) * 10) / 10;
  };
  return [rate(0), rate(1)];
}
