import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type CheckpointToWrite, writeCheckpoint } from "../files/checkpoint.ts";
import { writeIndex } from "../files/indexing.ts";
import { segmentPath } from "../files/segment.ts";
import type { SegmentWriter } from "../files/segment-writer.ts";
import type { Segment, Segments } from "../files/segments.ts";

/**
 * Work on files that no append waits for: indexes, files to remove, and checkpoints, one after the
 * other. Removals go before checkpoints, because they make room. Only the newest checkpoint that
 * waits is written, so that no more than one waits.
 */
export class Housekeeping {
  readonly #segments: Segments;
  #checkpoints: readonly number[];
  #full: SegmentWriter[] = [];
  /** Segments whose records were all trimmed, rising. */
  #trimmed: number[] = [];
  readonly #isDeposed: () => boolean;
  #isRemovalDue = false;
  #unindexed: Segment[] = [];
  /** The checkpoint that waits. */
  #wanted: CheckpointToWrite | undefined;
  #running: Promise<void> | undefined;

  /**
   * @param checkpoints - Segments with a checkpoint of the table, rising.
   * @param isDeposed - Whether the files are another process's now, so that no work is done any more.
   */
  constructor(segments: Segments, checkpoints: readonly number[], isDeposed: () => boolean) {
    this.#isDeposed = isDeposed;
    this.#segments = segments;
    this.#checkpoints = checkpoints;
  }

  /**
   * First offset of the first segment that must stay. The table can be rebuilt from it, even if the
   * newest checkpoint turns out to be damaged.
   */
  get keepFrom(): number {
    return this.#checkpoints.length < 2 ? 0 : (this.#checkpoints.at(-2) as number);
  }

  /** Writes the indexes that are in memory only. */
  writeIndexes(): void {
    this.#unindexed.push(...this.#segments.all.filter(({ next, texts }) => next !== Infinity && texts !== undefined));
    this.#begin();
  }

  /** Closes a full segment, and writes its index. */
  seal(segment: Segment, writer: SegmentWriter): void {
    this.#full.push(writer);
    this.#unindexed.push(segment);
    this.#begin();
  }

  /** Writes the table as of the beginning of a segment. */
  checkpoint(point: CheckpointToWrite): void {
    this.#wanted?.snapshot.end();
    this.#wanted = point;
    this.#begin();
  }

  /** Does the same now. @throws Error if the file can't be written. */
  async writeCheckpoint(point: CheckpointToWrite): Promise<void> {
    await this.settle();
    await this.#write(point);
  }

  /** Removes the files of trimmed segments, now or once the table does not need them. */
  drop(trimmed: readonly number[]): void {
    this.#trimmed.push(...trimmed);
    this.#isRemovalDue = true;
    this.#begin();
  }

  /** Waits until all is done. */
  async settle(): Promise<void> {
    await this.#running;
  }

  #begin(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // A run must not end before `#running` is set.
    await Promise.resolve();
    for (let work = this.#next(); work !== undefined; work = this.#next()) {
      try {
        await work();
      } catch {
        // On a full disk, for example. The next start does the work, or the next segment.
      }
    }
    this.#running = undefined;
  }

  #next(): (() => Promise<unknown>) | undefined {
    const writer = this.#full.shift();
    if (writer !== undefined) return () => writer.close();
    // The files are another process's now.
    if (this.#isDeposed()) return undefined;
    const segment = this.#unindexed.shift();
    if (segment !== undefined) return () => this.#index(segment);
    if (this.#isRemovalDue) return () => this.#remove();
    const point = this.#wanted;
    this.#wanted = undefined;
    return point === undefined ? undefined : () => this.#write(point);
  }

  async #remove(): Promise<void> {
    this.#isRemovalDue = false;
    const { directory } = this.#segments;
    for (let first = this.#trimmed[0]; first !== undefined && first < this.keepFrom; first = this.#trimmed[0]) {
      await rm(segmentPath(directory, first, "log"), { force: true });
      await rm(segmentPath(directory, first, "index"), { force: true });
      this.#trimmed.shift();
    }
  }

  async #index(segment: Segment): Promise<void> {
    // Its files may have been removed meanwhile.
    if (existsSync(segment.path)) await writeIndex(this.#segments, segment);
  }

  async #write(point: CheckpointToWrite): Promise<void> {
    const { directory, salt } = this.#segments;
    try {
      this.#checkpoints = await writeCheckpoint(directory, salt, point);
    } finally {
      point.snapshot.end();
    }
    this.#isRemovalDue = true;
  }
}
