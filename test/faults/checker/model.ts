import type { Entry, Outcome, Publish, SubscriberLog, Subscription } from "./history.ts";
import { createRandom, type Random } from "../../support/random.ts";

/** A history as a hub without a fault would leave it, in parts that a test can spoil. */
export interface Model {
  /** In the order of the journal; those at the end are not in it. */
  readonly publishes: readonly Publish[];
  readonly logs: readonly (Omit<SubscriberLog, "entries"> & { entries: Entry[] })[];
  readonly random: Random;
}

const TOPICS = ["a", "b", "c"] as const;
const LANES = ["x", "y", "z"] as const;

/** Plays a hub, its publishers and its subscribers, with reconnects, and with gaps unless told otherwise. */
export function playModel(seed: number, gaps: boolean = true): Model {
  const random = createRandom(seed);
  const sequences = new Map<string, number>();
  const publishes = Array.from({ length: random.between(5, 60) }, (_, i): Publish => {
    const lane = random.pick(LANES);
    const sequence = sequences.get(lane) ?? 0;
    sequences.set(lane, sequence + 1);
    const outcome: Outcome = random.pick(["ok", "ok", "ok", "ok", "unknown"]);
    const key = `${lane}-${sequence}`;
    const topics = [...new Set([random.pick(TOPICS), random.pick(TOPICS)])];
    const id = outcome === "ok" ? `#${i}` : undefined;
    return { key, lane, topics, private: random.below(3) === 0, outcome, answer: "", begunMs: i * 10, endedMs: i * 10 + 5, id };
  });
  const last: Publish = {
    key: "end-0",
    lane: "end",
    topics: [...TOPICS],
    private: false,
    outcome: "ok",
    answer: "",
    begunMs: 9e6,
    endedMs: 9e6,
    id: `#${publishes.length}`,
  };
  const journal = [...publishes, last];
  const refused = Array.from({ length: random.below(5) }, (_, i): Publish => {
    const outcome = random.pick(["failed", "unknown"] as const);
    return { key: `r-${i}`, lane: "r", topics: ["a"], private: false, outcome, answer: "", begunMs: 0, endedMs: 1 };
  });
  const witness = { name: "witness", topics: TOPICS, granted: TOPICS, from: "earliest" } as const;
  const others = Array.from({ length: random.between(1, 4) }, (_, i): Subscription => {
    const some = (): string[] => TOPICS.filter(() => random.below(2) === 0);
    return { name: `s${i}`, topics: [random.pick(TOPICS), ...some()], granted: some(), from: random.pick(["earliest", "live"]) };
  });
  const logs = [witness, ...others].map((subscription) => ({ subscription, entries: receive(subscription, journal, random, gaps) }));
  return { publishes: [...journal, ...refused], logs, random };
}

/** Whether a subscriber is to receive an update. */
export function isFor({ topics, granted }: Subscription, update: Publish): boolean {
  return (
    update.topics.some((topic) => topics.includes(topic)) && (!update.private || update.topics.some((topic) => granted.includes(topic)))
  );
}

function receive(subscription: Subscription, journal: readonly Publish[], random: Random, gaps: boolean): Entry[] {
  let at = subscription.from === "live" ? random.below(journal.length) : 0;
  const entries: Entry[] = [{ kind: "opened", atMs: at * 10 - 2 }];
  for (; at < journal.length; at++) {
    const update = journal[at] as Publish;
    // The last one is held, whatever was trimmed before it.
    const skipped = !gaps || subscription.name === "witness" || random.below(40) > 0 ? 0 : random.below(journal.length - at);
    if (skipped > 0) {
      entries.push({ kind: "opened", atMs: at * 10 }, { kind: "gap", reason: "trimmed" });
      at += skipped - 1;
      continue;
    }
    if (random.below(10) === 0) entries.push({ kind: "opened", atMs: at * 10 });
    if (isFor(subscription, update)) entries.push({ kind: "update", key: update.key, id: update.id ?? `#${at}` });
  }
  entries.push({ kind: "end" });
  return entries;
}
