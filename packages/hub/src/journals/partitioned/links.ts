import { allEntries, type JournalState, type StateStep } from "../../core/journal/state.ts";
import type { Update } from "../../core/update/update.ts";
import { MAX_PARTITIONS, partitionOf } from "./partition-of.ts";
import type { Part } from "./split.ts";

const PREFIX = "partition-link/";
/** Most entries of the table that links take. */
export const MAX_LINKS: number = MAX_PARTITIONS * MAX_PARTITIONS;

/** Tells whether the key belongs to a link. */
export function isLink(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** Tells whether keys of links begin with this prefix, or may. */
export function isOfLinks(prefix: string): boolean {
  return isLink(prefix) || PREFIX.startsWith(prefix);
}

/**
 * Tells which partitions hold updates of topics that belong to another partition. An update lies in
 * the partition of its first topic, with all its topics. An update that was committed with a change
 * of the table lies in the table's partition. A link is in the table before the first such update
 * is appended, and is never removed.
 */
export class Links {
  readonly #state: JournalState;
  /** By partition: the partitions that also hold its topics, one bit each. */
  readonly #masks: number[];
  /** The bits that the table has. */
  #kept: number[];
  /** Whether all links in the table at the start, or after a replacement, are known. */
  #isWhole = false;

  constructor(state: JournalState, count: number) {
    this.#state = state;
    this.#masks = Array.from({ length: count }, (_, i) => 1 << i);
    this.#kept = [...this.#masks];
  }

  /** Reads the links in the table. Links known before may be lost. */
  async load(): Promise<void> {
    this.#kept = this.#masks.map((_, i) => 1 << i);
    for await (const { key } of allEntries(this.#state, PREFIX)) {
      const [of = -1, at = -1] = key.slice(PREFIX.length).split("/").map(Number);
      if (of in this.#masks && at in this.#masks) this.#add(of, at);
    }
    this.#isWhole = true;
  }

  /**
   * Reads the links again, and writes lost links back to the table, because records with them may
   * still be held.
   */
  async restore(): Promise<void> {
    this.#isWhole = false;
    await this.load();
    const steps = this.#masks.flatMap((mask, of) =>
      this.#masks.flatMap((_, at) => (mask & ~(this.#kept[of] as number) & (1 << at) ? [stepFor(of, at)] : [])),
    );
    if (steps.length === 0) return;
    await this.#state.commit(steps);
    this.#kept = [...this.#masks];
  }

  /** The partitions that may hold updates with one of these topics, one bit each. */
  maskOf(topics: readonly string[] | undefined): number {
    if (topics === undefined || !this.#isWhole) return (1 << this.#masks.length) - 1;
    let mask = 0;
    for (const topic of topics) mask |= this.#masks[partitionOf(topic, this.#masks.length)] as number;
    return mask;
  }

  /** Notes the links of a record in a partition. */
  note({ topics }: Update, partition: number): void {
    for (const topic of topics) this.#add(partitionOf(topic, this.#masks.length), partition);
  }

  /** The links that the table must have before updates are appended to a partition. */
  stepsFor(updates: readonly Update[], partition: number): readonly StateStep[] {
    let missing = 0;
    for (const { topics } of updates) {
      for (const topic of topics) {
        const of = partitionOf(topic, this.#masks.length);
        if (((this.#kept[of] as number) & (1 << partition)) === 0) missing |= 1 << of;
      }
    }
    return this.#masks.flatMap((_, of) => (missing & (1 << of) ? [stepFor(of, partition)] : []));
  }

  /**
   * Writes the links that updates need to the table.
   *
   * @param parts - The updates to append, by partition.
   * @returns Undefined if no link is missing, so that consecutive appends keep this order.
   */
  prepare(parts: readonly Pick<Part, "partition" | "updates">[]): Promise<void> | undefined {
    const steps = parts.flatMap(({ updates, partition }) => this.stepsFor(updates, partition));
    if (steps.length === 0) return undefined;
    return this.#keep(steps, parts);
  }

  async #keep(steps: readonly StateStep[], parts: readonly Pick<Part, "partition" | "updates">[]): Promise<void> {
    await this.#state.commit(steps);
    for (const { updates, partition } of parts) for (const update of updates) this.note(update, partition);
  }

  #add(of: number, at: number): void {
    this.#masks[of] = (this.#masks[of] as number) | (1 << at);
    this.#kept[of] = (this.#kept[of] as number) | (1 << at);
  }
}

function stepFor(of: number, at: number): StateStep {
  return { key: `${PREFIX}${of}/${at}`, value: "1" };
}
