import type { Publish, SubscriberLog, Violation } from "./history.ts";
import type { Sequence } from "./order.ts";

/** All updates that were published, each with its number. */
export interface Published {
  readonly list: readonly Publish[];
  readonly numbers: ReadonlyMap<string, number>;
}

/** What one subscriber has received. */
export interface Received {
  readonly name: string;
  readonly updates: ReadonlySet<number>;
  /** In order; a new one begins where the hub said that the old cursor means nothing any more. */
  readonly sequences: readonly Sequence[];
  /** Where the hub said that updates are missing: between these two, the last before it and the first new one after it. */
  readonly gaps: readonly { readonly after: number | undefined; readonly before: number | undefined }[];
  readonly openedMs: number | undefined;
  readonly connections: number;
  readonly last: number | undefined;
  readonly isFinished: boolean;
  readonly count: number;
}

/** Reads a subscriber's log; reports what can be seen in it alone. */
export function readReceipts(
  { subscription, entries }: SubscriberLog,
  published: Published,
  report: (violation: Violation) => void,
): Received {
  const { name } = subscription;
  const topics = new Set(subscription.topics);
  const granted = new Set(subscription.granted);
  const updates = new Set<number>();
  const sequences: { by: string; updates: number[] }[] = [{ by: name, updates: [] }];
  const gaps: { after: number | undefined; before: number | undefined }[] = [];
  /** Since the last gap after which all that is held is sent again, though it may have been seen. */
  let seen = new Set<number>();
  let openedMs: number | undefined;
  let [connections, count] = [0, 0];
  let last: number | undefined;
  let isFinished = false;

  const receive = (key: string, id: string): void => {
    count++;
    const say = (kind: Violation["kind"], detail: string): void => report({ kind, subscriber: name, update: key, detail });
    const number = published.numbers.get(key);
    const publish = number === undefined ? undefined : published.list[number];
    if (number === undefined || publish === undefined) return say("invented", `nobody published it (id ${id})`);
    if (publish.outcome === "failed") say("invented", `its publisher was told that it was not taken (id ${id})`);
    if (publish.id !== undefined && !isSameId(publish.id, id)) say("damaged", `its id was ${publish.id}, and is ${id} here`);
    if (!publish.topics.some((topic) => topics.has(topic))) say("stray", `of ${publish.topics.join(", ")}`);
    if (publish.private && !publish.topics.some((topic) => granted.has(topic))) say("leaked", `private, of ${publish.topics.join(", ")}`);
    if (seen.has(number)) return say("repeated", `id ${id}, on connection ${connections}`);
    seen.add(number);
    sequences.at(-1)?.updates.push(number);
    // What it had before says nothing about where the gap ends.
    if (!updates.has(number)) for (const gap of gaps) gap.before ??= number;
    updates.add(number);
    last = number;
  };

  for (const entry of entries) {
    if (entry.kind === "update") receive(entry.key, entry.id);
    else if (entry.kind === "opened") {
      connections++;
      openedMs ??= entry.atMs;
    } else if (entry.kind === "gap") {
      gaps.push({ after: last, before: undefined });
      if (entry.reason !== "trimmed") {
        seen = new Set();
        sequences.push({ by: name, updates: [] });
      }
    } else if (entry.kind === "end") isFinished = true;
    else report({ kind: "damaged", subscriber: name, update: "", detail: entry.text });
  }
  return { name, updates, sequences, gaps, openedMs, connections, last, isFinished, count };
}

/** With several partitions, an id has a place in each of them; the one that is marked (`#EPOCH:7.!3.0`) names the update at all hubs. */
function isSameId(answered: string, received: string): boolean {
  const nameOf = (id: string): string =>
    id.replace(/^(#\w{8}:)((?:\w+\.)*!\w+)(?:\.\w+)*$/, (_, epoch: string, places: string) => {
      const before = places.split(".");
      return `${epoch}${before.length} ${before.at(-1)}`;
    });
  return nameOf(answered) === nameOf(received);
}
