import { type History, type Publish, type Subscription, type Verdict, type Violation, VIOLATIONS } from "./history.ts";
import { mergeOrder, type Sequence } from "./order.ts";
import { type Published, readReceipts, type Received } from "./receipts.ts";

const MOST_EXAMPLES = 5;

/**
 * Judges a run by what the hub promises:
 *
 * 1. every acknowledged update is delivered to every subscriber that matches and may read it, or a gap in its stream covers the absence;
 * 2. no update is delivered twice to a subscriber that resumes with the last id it saw;
 * 3. there is one order for all subscribers, and for publishers who wait for their answers;
 * 4. nothing private reaches a subscriber without the grant.
 *
 * An update whose publisher had no answer may be delivered or not; but to all, once, and in order.
 *
 * @param orderOf - What has one order: all updates, or those with the same first topic, as in a journal of several partitions.
 */
export function check(history: History, orderOf: "all" | "topic" = "all"): Verdict {
  const counts = Object.fromEntries(VIOLATIONS.map((kind) => [kind, 0])) as Record<Violation["kind"], number>;
  const examples: Violation[] = [];
  const report = (violation: Violation): void => {
    counts[violation.kind]++;
    if (counts[violation.kind] <= MOST_EXAMPLES) examples.push(violation);
  };

  const published = numberPublishes(history.publishes);
  const subscribers: { subscription: Subscription; received: Received }[] = [];
  for (const log of history.subscribers) {
    subscribers.push({ subscription: log.subscription, received: readReceipts(log, published, report) });
  }
  const { list } = published;
  const whole = [...subscribers.flatMap(({ received }) => received.sequences), ...laneSequences(list)];
  const sequences = orderOf === "all" ? whole : whole.flatMap((sequence) => byTopic(sequence, list));
  const { places, conflicts } = mergeOrder(list.length, sequences);
  for (const conflict of conflicts) {
    const round = conflict.map(({ update, by }) => `${list[update]?.key} before (by ${by})`);
    report({
      kind: "reordered",
      subscriber: [...new Set(conflict.map(({ by }) => by))].join(", "),
      update: list[conflict[0]?.update ?? 0]?.key ?? "",
      detail: `${round.slice(0, 6).join(" ")} ${round.length > 6 ? "… " : ""}itself`,
    });
  }

  const delivered = new Set<number>();
  for (const { received } of subscribers) for (const number of received.updates) delivered.add(number);
  // What one subscriber got, each other one that may have it was to get: also where the publisher does not know.
  const isTaken = list.map(({ outcome }, number) => outcome === "ok" || (outcome === "unknown" && delivered.has(number)));
  for (const { subscription, received } of subscribers) reportLosses(subscription, received, list, isTaken, places, report);

  const having = (outcome: Publish["outcome"]): number => list.filter((publish) => publish.outcome === outcome).length;
  const sum = (figure: (received: Received) => number): number => subscribers.reduce((total, { received }) => total + figure(received), 0);
  return {
    counts,
    violations: Object.values(counts).reduce((total, count) => total + count, 0),
    examples,
    acknowledged: having("ok"),
    failed: having("failed"),
    unknown: having("unknown"),
    unknownDelivered: list.filter(({ outcome }, number) => outcome === "unknown" && delivered.has(number)).length,
    triedAgain: list.filter(({ outcome, attempts = 1 }) => outcome === "ok" && attempts > 1).length,
    received: sum(({ count }) => count),
    connections: sum(({ connections }) => connections),
    gaps: sum(({ gaps }) => gaps.length),
  };
}

function numberPublishes(publishes: Iterable<Publish>): Published {
  const list = [...publishes];
  const numbers = new Map(list.map(({ key }, number) => [key, number]));
  if (numbers.size !== list.length) throw new Error("Two updates have one key: the log is not one of a run.");
  return { list, numbers };
}

/** The parts of a sequence that have the same first topic. */
function byTopic({ by, updates }: Sequence, list: readonly Publish[]): Sequence[] {
  const parts = new Map<string, number[]>();
  for (const update of updates) {
    const topic = list[update]?.topics[0] ?? "";
    const part = parts.get(topic) ?? [];
    part.push(update);
    parts.set(topic, part);
  }
  return [...parts].map(([topic, part]) => ({ by: `${by}, ${topic}`, updates: part }));
}

/** A publisher that waits for each answer has put its updates in order. One without an answer may have been taken at any time since. */
function laneSequences(list: readonly Publish[]): Sequence[] {
  const lanes = new Map<string, number[]>();
  list.forEach(({ lane, outcome }, number) => {
    if (outcome !== "ok") return;
    const updates = lanes.get(lane) ?? [];
    updates.push(number);
    lanes.set(lane, updates);
  });
  return [...lanes].map(([lane, updates]) => ({ by: `publisher ${lane}`, updates }));
}

function reportLosses(
  subscription: Subscription,
  received: Received,
  list: readonly Publish[],
  isTaken: readonly boolean[],
  places: Int32Array,
  report: (violation: Violation) => void,
): void {
  const { name, from, leaves } = subscription;
  const topics = new Set(subscription.topics);
  const granted = new Set(subscription.granted);
  const placeOf = (number: number | undefined, otherwise: number): number =>
    number === undefined ? otherwise : (places[number] ?? otherwise);
  const gaps = received.gaps.map(({ after, before }) => [placeOf(after, -1), placeOf(before, Infinity)] as const);
  if (!received.isFinished && leaves !== true) {
    report({
      kind: "unfinished",
      subscriber: name,
      update: "",
      detail: `it received ${received.updates.size} updates and not the last one`,
    });
  }
  const until = received.isFinished ? Infinity : placeOf(received.last, -1);
  const sinceMs = from === "earliest" ? -Infinity : (received.openedMs ?? Infinity);
  list.forEach((publish, number) => {
    if (isTaken[number] !== true || received.updates.has(number) || publish.begunMs < sinceMs) return;
    if (!publish.topics.some((topic) => topics.has(topic))) return;
    if (publish.private && !publish.topics.some((topic) => granted.has(topic))) return;
    const place = places[number] as number;
    if (place > until || gaps.some(([after, before]) => after < place && place < before)) return;
    report({ kind: "lost", subscriber: name, update: publish.key, detail: `${publish.outcome}, of ${publish.topics.join(", ")}` });
  });
}
