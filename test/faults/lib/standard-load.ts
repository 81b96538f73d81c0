import type { Lane, Reader, SubscriberPlan } from "./plan.ts";
import { mint } from "./tokens.ts";

export const TOPICS: readonly string[] = [0, 1, 2, 3, 4, 5].map((i) => `/faults/public/${i}`);
export const PRIVATE_TOPICS: readonly string[] = [0, 1, 2].map((i) => `/faults/private/${i}`);
/** The topic of the last update. */
export const END_TOPIC = "/faults/end";

const EVERYTHING: readonly string[] = [...TOPICS, ...PRIVATE_TOPICS, END_TOPIC];

/** Publishers of every kind, by turns; half of the batches small; every other four try again what had no answer. */
export function standardLanes(count: number): readonly Lane[] {
  const kinds = ["form", "ndjson", "json", "array"] as const;
  return Array.from({ length: count }, (_, i): Lane => {
    const kind = kinds[i % kinds.length] as (typeof kinds)[number];
    const base = { name: `p${i}`, ownIds: i % 3 === 0, triesAgain: i % 8 < 4 };
    return kind === "form" || kind === "json" ? { ...base, kind } : { ...base, kind, most: i % 16 < 8 ? 10 : 100 };
  });
}

interface Wish {
  readonly name: string;
  readonly match?: readonly string[];
  readonly patterns?: readonly string[];
  /** The topics that those select. */
  readonly topics: readonly string[];
  readonly grants?: readonly string[];
  readonly from?: "live";
  readonly intervalMs?: number;
  readonly reader?: Reader;
}

/**
 * Subscribers of every kind: with exact topics and patterns, with the grants for all, some and none of what is private, from the beginning and
 * from now on, at once and paced, with three clients.
 */
export function standardSubscribers(): Promise<readonly SubscriberPlan[]> {
  const [a = "", b = "", c = ""] = TOPICS;
  const [secret = "", other = ""] = PRIVATE_TOPICS;
  const all = { match: ["*"], topics: EVERYTHING };
  const wishes: readonly Wish[] = [
    { name: "all", ...all, grants: ["*"] },
    { name: "all-eventsource", ...all, grants: ["*"], reader: "eventsource" },
    { name: "all-client", ...all, grants: ["*"], reader: "client" },
    { name: "all-anonymous", ...all },
    { name: "all-live", ...all, grants: ["*"], from: "live" },
    { name: "all-paced", ...all, grants: PRIVATE_TOPICS, intervalMs: 50 },
    { name: "one-topic", match: [a], topics: [a] },
    { name: "one-topic-eventsource", match: [b], topics: [b], reader: "eventsource", from: "live" },
    { name: "three-topics", match: [a, b, c], topics: [a, b, c], reader: "client" },
    { name: "pattern", patterns: ["/faults/public/:number"], topics: TOPICS },
    { name: "pattern-range", patterns: ["/faults/public/([0-2])"], topics: [a, b, c], from: "live" },
    { name: "mixed", match: [secret], patterns: ["/faults/public/:number"], topics: [...TOPICS, secret], grants: [secret] },
    { name: "private-one", match: [secret], topics: [secret], grants: [secret], reader: "eventsource" },
    // Asks for more than it may read.
    { name: "private-too-much", patterns: ["/faults/private/:number"], topics: PRIVATE_TOPICS, grants: [other] },
    { name: "private-none", match: [secret, a], topics: [secret, a], reader: "client" },
  ];
  return Promise.all(wishes.map(planOf));
}

/** Reads everything from the journal, when all is over. */
export function witness(name: string): Promise<SubscriberPlan> {
  return planOf({ name, match: ["*"], topics: EVERYTHING, grants: ["*"] });
}

async function planOf({
  name,
  match = [],
  patterns = [],
  topics,
  grants,
  from,
  intervalMs,
  reader = "request",
}: Wish): Promise<SubscriberPlan> {
  const asksForAll = match.includes("*");
  return {
    name,
    reader,
    from: from ?? "earliest",
    topics: asksForAll ? topics : [...topics, END_TOPIC],
    granted: grants?.includes("*") === true ? PRIVATE_TOPICS : (grants ?? []),
    token: grants === undefined ? undefined : await mint({ subscribe: grants }),
    query: [
      ...match.map((topic) => ["match", topic] as const),
      ...patterns.map((pattern) => ["match_urlpattern", pattern] as const),
      ...(asksForAll ? [] : [["match", END_TOPIC] as const]),
      ...(intervalMs === undefined ? [] : [["interval", String(intervalMs)] as const]),
    ],
  };
}
