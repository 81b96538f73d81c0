import { rm } from "node:fs/promises";
import { nextTurn } from "../../../core/scheduler.ts";
import { restOf } from "../../../core/slices.ts";
import { type Checkpoint, encodeCheckpoint, writeCheckpoint } from "../files/checkpoint.ts";
import { writeIndex } from "../files/indexing.ts";
import { segmentPath } from "../files/segment.ts";
import type { SegmentWriter } from "../files/segment-writer.ts";
import type { Segment, Segments } from "../files/segments.ts";

/** Work on files that no append waits for: indexes, checkpoints, and files to remove. */
export class Housekeeping {
  readonly #segments: Segments;
  #checkpoints: readonly number[];
  /** Segments whose records were all trimmed, rising. */
  #trimmed: number[] = [];
  #work: Promise<void> = Promise.resolve();
  readonly #isDeposed: () => boolean;

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
    for (const segment of this.#segments.all) {
      if (segment.next !== Infinity && segment.texts !== undefined) this.#later(() => writeIndex(this.#segments, segment));
    }
  }

  /** Closes a full segment, and writes its index. */
  seal(segment: Segment, writer: SegmentWriter): void {
    this.#work = this.#work.then(() => writer.close());
    this.#later(() => writeIndex(this.#segments, segment));
  }

  /** Writes the table as of the beginning of a segment. */
  checkpoint(point: Checkpoint): void {
    this.#later(() => this.writeCheckpoint(point));
    this.drop([]);
  }

  /** Does the same now. @throws Error if the file can't be written. */
  async writeCheckpoint(point: Checkpoint): Promise<void> {
    const { directory, salt } = this.#segments;
    const bytes = await restOf(encodeCheckpoint(point, salt), nextTurn);
    this.#checkpoints = await writeCheckpoint(directory, point.first, bytes);
  }

  /** Removes the files of trimmed segments, now or once the table does not need them. */
  drop(trimmed: readonly number[]): void {
    this.#trimmed.push(...trimmed);
    this.#later(async () => {
      const { directory } = this.#segments;
      for (let first = this.#trimmed[0]; first !== undefined && first < this.keepFrom; first = this.#trimmed[0]) {
        await rm(segmentPath(directory, first, "log"), { force: true });
        await rm(segmentPath(directory, first, "index"), { force: true });
        this.#trimmed.shift();
      }
    });
  }

  /** Waits until all is done. */
  async settle(): Promise<void> {
    await this.#work;
  }

  /** Work that fails, as on a full disk, is done at the next start, or with the next segment. */
  #later(work: () => Promise<unknown>): void {
    this.#work = this.#work
      .then(() => (this.#isDeposed() ? undefined : work()))
      .then(
        () => undefined,
        () => undefined,
      );
  }
}
