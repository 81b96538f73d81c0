import { join } from "node:path";
import type { Entry, Publish, SubscriberLog } from "../checker/history.ts";
import { readLines } from "./ndjson.ts";
import type { LogLine, SubscriberPlan } from "./plan.ts";

const fileOf = (directory: string, { name }: SubscriberPlan): string => join(directory, `${name}.ndjson`);

/** The log of a subscriber, for the checker. */
export function readLog(directory: string, subscription: SubscriberPlan): SubscriberLog {
  return { subscription, entries: entriesOf(fileOf(directory, subscription)) };
}

function* entriesOf(file: string): Generator<Entry, void> {
  for (const line of readLines<LogLine>(file)) if (line.kind !== "lost") yield line;
}

/** Why subscribers lost their connections, and how often. */
export function countLosses(directory: string, plans: readonly SubscriberPlan[]): ReadonlyMap<string, number> {
  const losses = new Map<string, number>();
  for (const plan of plans) {
    for (const line of readLines<LogLine>(fileOf(directory, plan))) {
      if (line.kind === "lost") losses.set(line.reason, (losses.get(line.reason) ?? 0) + 1);
    }
  }
  return losses;
}

/** What publishers were answered, and for how many updates. */
export function countAnswers(publishes: readonly Publish[]): ReadonlyMap<string, number> {
  const answers = new Map<string, number>();
  for (const { answer } of publishes) answers.set(answer, (answers.get(answer) ?? 0) + 1);
  return answers;
}

/**
 * Of each moment: how long it took until a publish that began later was acknowledged, in milliseconds. A moment before whose recovery the next one came is
 * left out: it says nothing about the server.
 */
export function measureRecoveries(momentsMs: readonly number[], publishes: readonly Publish[]): readonly number[] {
  const taken = publishes.filter(({ outcome }) => outcome === "ok").toSorted((a, b) => a.begunMs - b.begunMs);
  return momentsMs.flatMap((moment, i) => {
    let first = Infinity;
    for (const { begunMs, endedMs } of taken) {
      // From here on, none can have ended before.
      if (begunMs > first) break;
      if (begunMs >= moment) first = Math.min(first, endedMs);
    }
    return first < (momentsMs[i + 1] ?? Infinity) ? [first - moment] : [];
  });
}
