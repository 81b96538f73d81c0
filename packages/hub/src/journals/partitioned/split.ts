import { HubError } from "../../core/errors.ts";
import type { Update } from "../../core/update/update.ts";
import { partitionOf } from "./partition-of.ts";

/** The part of a batch for one partition. */
export interface Part {
  readonly partition: number;
  readonly updates: Update[];
  /** Indices of the updates in the batch. */
  readonly indices: number[];
}

export function partsOf(batch: readonly Update[], count: number): readonly Part[] {
  const parts = new Map<number, Part>();
  for (const [i, update] of batch.entries()) {
    const partition = partitionOf(update.topics[0] ?? "", count);
    let part = parts.get(partition);
    if (part === undefined) parts.set(partition, (part = { partition, updates: [], indices: [] }));
    part.updates.push(update);
    part.indices.push(i);
  }
  return [...parts.values()];
}

/**
 * Appends the parts of a batch, each atomically.
 *
 * @throws HubError if a part could not be appended. `outcome_unknown` if others were appended, or
 *   may have been.
 */
export async function appendParts<T>(parts: readonly Part[], append: (part: Part) => Promise<T>): Promise<readonly (readonly [Part, T])[]> {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return [[only, await append(only)]];
  const outcomes = await Promise.allSettled(parts.map(append));
  const appended = outcomes.flatMap((outcome, i) => (outcome.status === "fulfilled" ? [[parts[i] as Part, outcome.value] as const] : []));
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
  if (failures.length === 0) return appended;
  const isCertain = appended.length === 0 && failures.every((error) => error instanceof HubError && error.code !== "outcome_unknown");
  if (isCertain) throw failures[0];
  throw new HubError(
    "outcome_unknown",
    "The topics of the batch lie in several partitions, and not all of them could be reached: some of its updates may be published, and some not. Publish it again with the idempotency key that it had.",
  );
}
