import * as fc from "fast-check";
import { memoryJournal } from "artesian";
import { expect, it, vi } from "vitest";
import type { Authorization } from "../../../packages/hub/src/core/matching/authorization.ts";
import { HubCore } from "../../../packages/hub/src/core/hub-core.ts";
import type { Matcher } from "../../../packages/hub/src/core/matching/matcher.ts";
import { partitionedJournal } from "../../../packages/hub/src/journals/partitioned/index.ts";

const SEED = Number(process.env["SEED"] ?? 2026);
const TOPICS = ["a", "b", "c"];
/** Updates that a journal holds. */
const HELD = 30;

interface Published {
  readonly topics: readonly string[];
  readonly data: string;
  readonly private: boolean;
  readonly endsAt: number;
}

const ALL: Authorization = {
  issuer: "i",
  subject: "s",
  tokenId: undefined,
  issuedAt: undefined,
  expiresAt: Infinity,
  publish: [],
  subscribe: [{ topics: [{ type: "exact", pattern: "*" }], payload: undefined }],
};

interface Request {
  readonly topics: readonly string[];
  readonly isTrusted: boolean;
  readonly latest: boolean;
  readonly last: number;
}

/** The rule, as naively as it can be said. */
function newestOf(held: readonly Published[], { topics, isTrusted, latest, last }: Request): readonly string[] {
  const mine = held.filter((update) => (isTrusted || !update.private) && update.endsAt >= Date.now());
  const selects = (matcher: string, update: Published): boolean => matcher === "*" || update.topics.includes(matcher);
  const wanted = new Set<Published>();
  if (latest) {
    const selected = mine.filter((update) => topics.some((matcher) => selects(matcher, update))).toReversed();
    const seen = new Set<string | undefined>();
    for (const update of selected) {
      if (seen.size < last && !seen.has(update.topics[0])) wanted.add(update);
      if (seen.size < last) seen.add(update.topics[0]);
    }
  } else {
    for (const matcher of topics) for (const update of mine.filter((one) => selects(matcher, one)).slice(-last)) wanted.add(update);
  }
  return mine.filter((update) => wanted.has(update)).map(({ data }) => data);
}

const topics = fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 2 });
const update = fc.record({ topics, private: fc.boolean(), ttlMs: fc.constantFrom(undefined, undefined, 1, 20) });
const request = fc.record({
  topics: fc.oneof(topics, fc.constant(["*"])),
  isTrusted: fc.boolean(),
  latest: fc.boolean(),
  last: fc.integer({ min: 1, max: 4 }),
});
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("publish" as const), updates: fc.array(update, { minLength: 1, maxLength: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("ask" as const), request }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(2, 30) }) },
);

it.each([1, 3])(
  "a snapshot is the newest at the time, whatever was asked before, with %i partitions",
  { timeout: 120_000 },
  async (partitions) => {
    console.log(`snapshot model: seed ${SEED}; another by SEED=…`);
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      await fc.assert(
        // Few requests: the same ones come again and again, and find what is kept.
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.array(request, { minLength: 1, maxLength: 3 }), async (steps, repeated) => {
          // Several partitions hold all: each would drop by itself.
          const parts = Array.from({ length: partitions }, () => memoryJournal({ retention: partitions === 1 ? { maxCount: HELD } : {} }));
          const journal = partitions === 1 ? parts[0] : await partitionedJournal(parts);
          if (journal === undefined) throw new Error("There is no journal.");
          const hub = new HubCore({ journal, drainMs: 5 });
          const published: Published[] = [];
          const ask = async (one: Request): Promise<void> => {
            const matchers = one.topics.map((pattern): Matcher => ({ type: "exact", pattern }));
            const selection = hub.readers.select(matchers, one.isTrusted ? ALL : undefined, {
              pace: { intervalMs: 0, latest: one.latest },
            });
            const { early, after } = await hub.readers.resolve(undefined, selection, one.last);
            const { records } = (await journal.read(journal.head() - 1, { maxRecords: Infinity, maxBytes: Infinity })) as {
              readonly records: readonly { readonly offset: number; readonly data: string }[];
            };
            const found = [...(early?.next()?.keys() ?? [])].map((offset) => records.find((record) => record.offset === offset)?.data);
            expect(found).toEqual(newestOf(partitions === 1 ? published.slice(-HELD) : published, one));
            expect(after).toBe(published.length);
          };
          try {
            for (const one of steps) {
              if (one.kind === "wait") vi.setSystemTime(Date.now() + one.ms);
              else if (one.kind === "ask") await ask(one.request);
              else {
                for (const { topics: names, ttlMs, private: isPrivate } of one.updates) {
                  const data = `${published.length + 1}`;
                  await hub.publisher.publish({ topic: names, data, private: isPrivate, ttlMs });
                  published.push({ topics: names, data, private: isPrivate, endsAt: ttlMs === undefined ? Infinity : Date.now() + ttlMs });
                }
                for (const again of repeated) await ask(again);
              }
            }
          } finally {
            await hub.close();
          }
        }),
        { seed: SEED, numRuns: 60 },
      );
    } finally {
      vi.useRealTimers();
    }
  },
);
