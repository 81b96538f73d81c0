import { HubError } from "../../core/errors.ts";
import type { Journal } from "../../core/journal/journal.ts";
import { after as later } from "../../core/scheduler.ts";
import { History, MAX_RECORDS } from "./history.ts";
import { Path } from "./path.ts";
import type { Vector } from "./vector.ts";

/** Longest wait for a committed record that was not seen yet, in milliseconds. */
const WAIT_MS = 10_000;
/** Number of records between two checks for records to forget. */
const SWEEP = 16_384;

/** The order in which this process has the records of all partitions, as far as callers ask. */
export class Merged {
  readonly path: Path;
  readonly #history: History;
  readonly #partitions: readonly Journal[];
  readonly #waiting = new Set<() => void>();
  #isOver = false;
  #sinceSweep = 0;

  constructor(partitions: readonly Journal[], start: Vector) {
    this.#partitions = partitions;
    this.path = new Path(start);
    this.#history = new History(partitions, this.path);
  }

  /** Adds the records of a partition up to an offset. @returns The place of the first record. */
  push(partition: number, offset: number): number {
    const first = this.path.top.offset + 1;
    for (let have = this.path.top.vector[partition] as number; have < offset; have++) this.path.push(partition);
    return first;
  }

  /** Wakes callers that wait for pushed records. */
  moved(): void {
    for (const look of this.#waiting) look();
    if (this.path.top.offset - this.#sinceSweep < SWEEP || this.#history.isExtending) return;
    this.#sinceSweep = this.path.top.offset;
    let held = this.path.top.offset;
    for (const [i, partition] of this.#partitions.entries()) {
      // No records are before the first record held of each partition.
      const first = this.path.placeOf(i, partition.head());
      if (first !== undefined) held = Math.min(held, first - 1);
    }
    if (this.path.dropBefore(Math.max(held, this.path.top.offset - MAX_RECORDS))) this.#history.forget();
  }

  /** Ends all waits after a partition was replaced, because their records never come. */
  end(): void {
    this.#isOver = true;
    for (const look of this.#waiting) look();
  }

  /**
   * Resolves once a partition was seen up to an offset. @throws HubError `journal_unavailable` if
   * that takes too long, or never comes.
   */
  async until(partition: number, offset: number): Promise<void> {
    const isThere = (): boolean => (this.path.top.vector[partition] as number) >= offset;
    if (isThere()) return;
    const away = (): HubError => new HubError("journal_unavailable", "A part of the journal cannot be reached. Try again in a moment.");
    if (this.#isOver) throw away();
    await new Promise<void>((resolve, reject) => {
      const stop = later(WAIT_MS, () => {
        this.#waiting.delete(look);
        reject(away());
      });
      const look = (): void => {
        if (!isThere() && !this.#isOver) return;
        this.#waiting.delete(look);
        stop();
        if (isThere()) resolve();
        else reject(away());
      };
      this.#waiting.add(look);
    });
  }

  /** Makes the order known from a place on, or as far as records are held. */
  reachPlace(offset: number): Promise<void> {
    return this.#history.reach(() => this.path.base.offset <= offset);
  }

  /** Makes the order known from an offset of a partition on. */
  reach(partition: number, offset: number): Promise<void> {
    return this.#history.reach(() => (this.path.base.vector[partition] as number) <= offset);
  }

  /** The place of a held record, or undefined if the record is not held. */
  async find(partition: number, offset: number): Promise<number | undefined> {
    if (offset < (this.#partitions[partition] as Journal).head()) return undefined;
    await this.until(partition, offset);
    await this.reach(partition, offset - 1);
    return offset > (this.path.base.vector[partition] as number) ? this.path.placeOf(partition, offset) : undefined;
  }

  /**
   * The place after which all records of some partitions are held. @param mask - The partitions,
   * one bit each.
   */
  async earliest(mask: number): Promise<number> {
    await this.#history.reach(() => this.#isHeldWhole(mask));
    return this.firstHeld(mask);
  }

  /** The same place, as far as the order is known. */
  firstHeld(mask: number): number {
    let place = this.path.base.offset;
    for (const [i, partition] of this.#partitions.entries()) {
      if ((mask & (1 << i)) !== 0) place = Math.max(place, this.path.placeOf(i, partition.head() - 1) ?? this.path.top.offset);
    }
    return place;
  }

  /**
   * Tells whether a record of these partitions after a place was dropped. @param place - A known
   * place.
   */
  isTrimmed(mask: number, place: number): boolean {
    const vector = this.path.vectorAt(place);
    return this.#partitions.some((partition, i) => (mask & (1 << i)) !== 0 && (vector[i] as number) < partition.head() - 1);
  }

  #isHeldWhole(mask: number): boolean {
    const { vector } = this.path.base;
    return this.#partitions.every((partition, i) => (mask & (1 << i)) === 0 || (vector[i] as number) < partition.head());
  }
}
