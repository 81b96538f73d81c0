import { HubError } from "../../core/errors.ts";
import type { Journal } from "../../core/journal/journal.ts";
import type { Path } from "./path.ts";

/**
 * Most records whose place is remembered, one byte each. Older records can't be reached, as if they
 * were dropped.
 */
export const MAX_RECORDS: number = 64 * 1024 * 1024;
/**
 * Records of a partition read at a time: few at first, as most readers ask for little, and then
 * twice as many each time.
 */
const WINDOW = { first: 64, most: 2048 };

/**
 * The records appended before this process started. They are ordered by their times, so that all
 * hubs have nearly the same order. The order is found as far back as a caller asks for.
 */
export class History {
  readonly #partitions: readonly Journal[];
  readonly #path: Path;
  /**
   * By partition: append times of the records that are not on the path yet, the oldest first. They
   * end at the beginning of the path.
   */
  readonly #times: number[][];
  /** By partition: whether no older records are held. */
  readonly #ended: boolean[];
  #window: number = WINDOW.first;
  #extending: Promise<void> | undefined;

  constructor(partitions: readonly Journal[], path: Path) {
    this.#partitions = partitions;
    this.#path = path;
    this.#times = partitions.map(() => []);
    this.#ended = partitions.map(() => false);
  }

  /** Whether the path is being extended, so that it must not be cut. */
  get isExtending(): boolean {
    return this.#extending !== undefined;
  }

  /** Whether the path goes back as far as records are held, or as far as it may. */
  get isComplete(): boolean {
    if (this.#path.length >= MAX_RECORDS) return true;
    return this.#partitions.every(
      (partition, i) => this.#ended[i] || this.#path.base.vector[i] === 0 || isBeforeHead(this.#path, i, partition),
    );
  }

  /** Forgets the pending times, because the path was cut. */
  forget(): void {
    this.#times.forEach((times) => (times.length = 0));
    this.#ended.fill(false);
  }

  /**
   * Extends the path back until it is enough or there is no more. @throws HubError
   * `journal_unavailable`.
   */
  async reach(isEnough: () => boolean): Promise<void> {
    while (!isEnough() && !this.isComplete) {
      this.#extending ??= this.#extend().finally(() => (this.#extending = undefined));
      await this.#extending;
    }
  }

  async #extend(): Promise<void> {
    const enough = this.#window;
    this.#window = Math.min(WINDOW.most, 2 * this.#window);
    for (let added = 0; added < enough && !this.isComplete;) {
      await Promise.all(this.#partitions.map((_, i) => this.#load(i)));
      for (;;) {
        let newest = -1;
        for (let i = 0; i < this.#times.length; i++) {
          const at = this.#times[i]?.at(-1);
          if (at !== undefined && (newest < 0 || at >= (this.#times[newest]?.at(-1) as number))) newest = i;
        }
        if (newest < 0) break;
        this.#times[newest]?.pop();
        this.#path.prepend(newest);
        added++;
        if (this.#times[newest]?.length === 0 && !this.#ended[newest]) break;
      }
    }
  }

  /** Reads the times of earlier records, if none are left. */
  async #load(i: number): Promise<void> {
    const partition = this.#partitions[i] as Journal;
    const end = this.#path.base.vector[i] as number;
    if (this.#ended[i] || (this.#times[i] as number[]).length > 0) return;
    let after = Math.max(partition.head() - 1, end - this.#window);
    const times: number[] = [];
    while (after < end) {
      const page = await partition.read(after, { maxRecords: end - after, maxBytes: 8 * 1024 * 1024 });
      if (page.kind === "trimmed") {
        times.length = 0;
        after = page.head - 1;
      } else if (page.records.length === 0) break;
      else {
        for (const { at, offset } of page.records) {
          // Records before a hole can't be reached.
          if (offset !== after + 1) times.length = 0;
          if (offset <= end) times.push(at);
          after = offset;
        }
      }
    }
    if (after < end) throw new HubError("journal_unavailable", "The journal does not return its records. Try again in a moment.");
    this.#times[i] = times;
    if (times.length === 0) this.#ended[i] = true;
  }
}

function isBeforeHead(path: Path, partition: number, journal: Journal): boolean {
  return (path.base.vector[partition] as number) < journal.head();
}
