import type { HubError, Journal, JournalRecord, ReadLimits, Update } from "artesian";
import { redisJournal, type RedisJournalOptions } from "artesian/journals/redis";
import { expect, onTestFinished } from "vitest";

export const update = (data: string, id?: string): Update => ({
  topics: ["t"],
  data,
  id,
  type: undefined,
  retry: undefined,
  private: false,
});
export const ALL: ReadLimits = { maxRecords: Infinity, maxBytes: Infinity };

export async function open(url: string, options: Partial<RedisJournalOptions> = {}): Promise<Journal> {
  const journal = await redisJournal({ url, ...options });
  onTestFinished(() => journal.close());
  return journal;
}

export function follow(journal: Journal): JournalRecord[] {
  const followed: JournalRecord[] = [];
  journal.follow(0, (records) => followed.push(...records));
  return followed;
}

/** The epochs that a journal has had, as its listeners were told. */
export function epochs(journal: Journal): string[] {
  const seen = [journal.epoch];
  journal.watchReplaced?.(() => seen.push(journal.epoch));
  return seen;
}

/** What was refused, or has an unknown outcome. */
export const UNAVAILABLE: string = expect.stringMatching(/^(journal_unavailable|outcome_unknown)$/) as string;

export const dataOf = (records: readonly JournalRecord[]): string[] => records.map(({ data }) => data);

/** Appends one after the other until it is told to stop, and notes what was acknowledged, and what has an unknown outcome. */
export class Writer {
  readonly acknowledged: Map<string, number> = new Map();
  readonly failed: { readonly data: string; readonly isUnknown: boolean; readonly afterMs: number }[] = [];
  readonly #done: Promise<void>;
  #isStopped = false;

  constructor(journal: Journal, prefix: string) {
    this.#done = this.#write(journal, prefix);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #write(journal: Journal, prefix: string): Promise<void> {
    for (let i = 0; !this.#isStopped; i++) {
      const data = `${prefix}${i}`;
      const start = performance.now();
      try {
        this.acknowledged.set(data, (await journal.append([update(data)]))[0] as number);
      } catch (error) {
        expect(error).toMatchObject({ code: UNAVAILABLE, retryAfterMs: 1000 });
        this.failed.push({ data, isUnknown: (error as HubError).code === "outcome_unknown", afterMs: performance.now() - start });
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

/** Nothing that was acknowledged is lost or twice; nothing that was refused is there; followers saw just what is held. */
export async function judge(journals: readonly Journal[], followed: readonly JournalRecord[][], writers: readonly Writer[]): Promise<void> {
  const page = await (journals[0] as Journal).read(0, ALL);
  const held = page.kind === "records" ? page.records : [];
  const byData = new Map(held.map(({ data, offset }) => [data, offset]));
  expect(byData.size).toBe(held.length);
  for (const { acknowledged, failed } of writers) {
    for (const [data, offset] of acknowledged) expect(byData.get(data), data).toBe(offset);
    for (const { data, isUnknown } of failed) if (!isUnknown) expect(byData.has(data), data).toBe(false);
  }
  for (const records of followed) {
    await expect.poll(() => records.length).toBe(held.length);
    expect(records).toEqual(held);
  }
}
