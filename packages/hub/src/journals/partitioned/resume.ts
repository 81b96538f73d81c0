import type { GapReason } from "../../core/update/frame.ts";
import type { Journal } from "../../core/journal/journal.ts";
import type { Missed, Resumption } from "../../core/journal/local-order.ts";
import type { Merged } from "./merged.ts";
import { formatVector, type ParsedVector, type Vector } from "./vector.ts";

/** State in which a place of another process is looked up. */
export interface ResumeContext {
  readonly epoch: string;
  readonly partitions: readonly Journal[];
  readonly merged: Merged;
  /** The subscriber's partitions, one bit each. */
  readonly mask: () => number;
}

/**
 * Finds the first place in the order of this process that has all the subscriber's records. Also
 * finds the records before that place that the subscriber has not had, because another process had
 * the partitions in another order. They are few: as many as reached the two processes in another
 * order within moments.
 */
export async function resumeAt({ epoch: its, offsets }: ParsedVector, context: ResumeContext): Promise<Resumption> {
  const { epoch, partitions, merged } = context;
  const gap = (reason: GapReason): Resumption => ({ kind: "gap", reason });
  if (its !== epoch || offsets.length !== partitions.length) return gap("epoch");
  // In all partitions, because a record that is not here yet may link one of them to the
  // subscriber.
  for (const [i, partition] of partitions.entries()) {
    const offset = offsets[i] as number;
    // The record may come from a process that had it before this process. The journal is asked.
    if (offset > partition.tail()) await partition.read(offset, { maxRecords: 1, maxBytes: 1 });
    if (offset > partition.tail()) return gap("unknown");
    await merged.until(i, offset);
  }
  const mask = context.mask();
  for (const [i, partition] of partitions.entries()) {
    const offset = offsets[i] as number;
    if ((mask & (1 << i)) === 0) continue;
    if (offset < partition.head() - 1) return gap("trimmed");
    await merged.reach(i, offset);
    if ((merged.path.base.vector[i] as number) > offset) return gap("trimmed");
  }
  let low = Infinity;
  let after = -1;
  for (const [i, offset] of offsets.entries()) {
    if ((mask & (1 << i)) === 0) continue;
    // While other records were awaited, some may have been dropped.
    if (offset < (merged.path.base.vector[i] as number)) return gap("trimmed");
    const place = merged.path.placeOf(i, offset) as number;
    low = Math.min(low, place);
    after = Math.max(after, place);
  }
  return { kind: "found", after, missed: new MissedRecords(offsets, { epoch, mask, merged }, low, after) };
}

/**
 * The records of some partitions between two places, except the records that the subscriber had.
 */
class MissedRecords implements Missed {
  readonly #epoch: string;
  readonly #mask: number;
  readonly #merged: Merged;
  readonly #had: number[];
  readonly #upTo: number;
  #place: number;
  readonly #walked: number[];

  constructor(had: Vector, of: { readonly epoch: string; readonly mask: number; readonly merged: Merged }, after: number, upTo: number) {
    this.#epoch = of.epoch;
    this.#mask = of.mask;
    this.#merged = of.merged;
    this.#had = [...had];
    this.#upTo = upTo;
    this.#place = after;
    this.#walked = [...of.merged.path.vectorAt(after)];
  }

  next(count: number): ReadonlyMap<number, string> | undefined {
    const { path } = this.#merged;
    const found = new Map<number, string>();
    // Records before the base were forgotten meanwhile, because they were dropped.
    if (this.#place < Math.min(path.base.offset, this.#upTo)) return undefined;
    while (this.#place < this.#upTo && found.size < count) {
      const i = path.partitionAt(++this.#place);
      const offset = ++(this.#walked[i] as number);
      if ((this.#mask & (1 << i)) === 0 || offset <= (this.#had[i] as number)) continue;
      this.#had[i] = offset;
      found.set(this.#place, formatVector(this.#epoch, this.#had, i));
    }
    return found;
  }
}
