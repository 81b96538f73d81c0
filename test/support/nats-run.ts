import { HubError, type Journal, type JournalRecord } from "artesian";

/** What a follower of one journal was given, in one epoch after the other. */
export interface Followed {
  readonly journal: Journal;
  readonly records: JournalRecord[];
  /** How often it was told that the journal was replaced; then `records` begins anew. */
  replaced: number;
}

/** An append that was acknowledged. */
export interface Acknowledged {
  readonly data: string;
  readonly offset: number;
  readonly epoch: string;
}

export function update(data: string): Parameters<Journal["append"]>[0][number] {
  return { topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false };
}

export function follow(journal: Journal): Followed {
  const followed: Followed = { journal, records: [], replaced: 0 };
  journal.follow(journal.tail(), (records) => followed.records.push(...records));
  journal.watchReplaced?.(() => {
    followed.replaced++;
    followed.records.length = 0;
  });
  return followed;
}

const AWAY: ReadonlySet<string> = new Set(["journal_unavailable", "outcome_unknown"]);

/** Appends on several journals at once until it is stopped, and goes on after failures. */
export class Appenders {
  readonly acknowledged: Acknowledged[] = [];
  /** How many each journal had acknowledged. */
  readonly counts: number[];
  /** Longest time that an append took to be answered or refused, in milliseconds. */
  slowestMs = 0;
  readonly failures: HubError[] = [];
  #isStopped = false;
  readonly #running: Promise<unknown>;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(journals: readonly Journal[], atOnce = 4) {
    this.counts = journals.map(() => 0);
    this.#running = Promise.all(journals.flatMap((journal, j) => Array.from({ length: atOnce }, (_, i) => this.#append(journal, j, i))));
  }

  /** Waits until so many more were acknowledged. */
  more(count: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ count: this.acknowledged.length + count, resolve }));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #append(journal: Journal, j: number, i: number): Promise<void> {
    for (let n = 0; !this.#isStopped; n++) {
      const data = `${j}/${i}/${n}`;
      const startMs = performance.now();
      try {
        const [offset = 0] = await journal.append([update(data)]);
        this.acknowledged.push({ data, offset, epoch: journal.epoch });
        this.counts[j] = (this.counts[j] ?? 0) + 1;
      } catch (error) {
        if (!(error instanceof HubError) || !AWAY.has(error.code)) throw error;
        this.failures.push(error);
        // Refused at once: whoever publishes waits before it tries again.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs);
      this.#waiting = this.#waiting.filter(({ count, resolve }) => {
        if (this.acknowledged.length < count) return true;
        resolve();
        return false;
      });
    }
  }
}

/** Waits until something holds. What it is about changes by itself: by a server, or a clock. */
export async function until(holds: () => boolean | Promise<boolean>, mostMs = 30_000): Promise<void> {
  const endMs = performance.now() + mostMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`It did not come about within ${mostMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function readAll(journal: Journal): Promise<JournalRecord[]> {
  const all: JournalRecord[] = [];
  for (let after = journal.head() - 1; ;) {
    const page = await journal.read(after, { maxRecords: 1000, maxBytes: 1024 * 1024 });
    if (page.kind === "trimmed") throw new Error(`trimmed at ${after}`);
    if (page.records.length === 0) return all;
    all.push(...page.records);
    after = all.at(-1)?.offset ?? after;
  }
}

/**
 * Checks what was acknowledged against what is held: in this epoch all of it is there, at its offset; and nothing is there twice or has a
 * hole before it.
 */
export function findFault(records: readonly JournalRecord[], acknowledged: readonly Acknowledged[], epoch: string): string | undefined {
  const first = records[0]?.offset ?? 1;
  for (const [i, { offset }] of records.entries()) if (offset !== first + i) return `${offset} is in the place of ${first + i}`;
  const held = new Set(records.map(({ data }) => data));
  if (held.size !== records.length) return `${records.length - held.size} are there twice`;
  for (const one of acknowledged) {
    if (one.epoch !== epoch) continue;
    if (records[one.offset - first]?.data !== one.data) {
      return `${one.data} is not at ${one.offset}, but ${records[one.offset - first]?.data}; ${records.length} are held from ${first} on`;
    }
  }
  return undefined;
}
