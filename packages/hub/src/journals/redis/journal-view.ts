import type { JournalPage, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";
import { after, afterThisTurn } from "../../core/scheduler.ts";
import type { Entry } from "./codec.ts";
import { Followers } from "../shared/followers.ts";

/** Figures of the journal from a script. */
export interface Figures {
  readonly epoch: string;
  readonly head: number;
  readonly tail: number;
  readonly bytes: number;
}

/** Figures of the journal, with the tag at its tail. */
export interface TailFigures extends Figures {
  /** Tag of the record at the tail. */
  readonly tag: string;
  /** Offset of the newest record at the start of the epoch, if it replaced another epoch. */
  readonly restoredUpTo: number;
}

/** This process's view of the journal in Redis, and its followers. */
export class JournalView {
  readonly followers: Followers;
  #figures: Figures;
  /** Followers have every record up to this offset. */
  #seen: number;
  /** Tag of the record at `seen`. With the tag Redis tells whether it still has that record. */
  #tag: string;
  #restoredUpTo: number;
  #replacing: Promise<void> | undefined;
  /** Epochs that were replaced. */
  readonly #left = new Set<string>();
  readonly #onReplaced = new Set<() => void>();
  readonly #waiting = new Set<() => void>();

  constructor(figures: TailFigures, read: (after: number, limits: ReadLimits) => Promise<JournalPage>) {
    this.#figures = figures;
    this.#seen = figures.tail;
    this.#tag = figures.tag;
    this.#restoredUpTo = figures.restoredUpTo;
    this.followers = new Followers(read);
  }

  get figures(): Figures {
    return this.#figures;
  }

  get seen(): number {
    return this.#seen;
  }

  get tag(): string {
    return this.#tag;
  }

  get restoredUpTo(): number {
    return this.#restoredUpTo;
  }

  /** Whether the view is no longer valid, and is about to be replaced. */
  get isReplacing(): boolean {
    return this.#replacing !== undefined;
  }

  /**
   * Takes newer figures of the same epoch. Older figures, and those of another epoch, are ignored.
   */
  note(figures: Figures): void {
    const { epoch, tail, head } = this.#figures;
    if (figures.epoch === epoch && figures.tail >= tail && figures.head >= head && !this.isReplacing) this.#figures = figures;
  }

  /** Gives followers the records that they have not had. @param entries - In order. */
  give(entries: readonly Entry[]): void {
    if (this.isReplacing) return;
    const fresh =
      entries[0] !== undefined && entries[0].record.offset > this.#seen
        ? entries
        : entries.filter(({ record }) => record.offset > this.#seen);
    const last = fresh.at(-1);
    if (last === undefined) return;
    this.#seen = last.record.offset;
    this.#tag = last.tag;
    if (this.#seen > this.#figures.tail) this.#figures = { ...this.#figures, tail: this.#seen };
    this.followers.give(fresh.map(({ record }): JournalRecord => record));
    for (const settle of this.#waiting) settle();
  }

  /** Resolves when followers have the record at an offset, or after a while. */
  async whenSeen(offset: number, waitMs: number): Promise<void> {
    if (this.#seen >= offset || this.isReplacing) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        if (this.#seen < offset && !this.isReplacing) return;
        stopTimer();
        this.#waiting.delete(settle);
        resolve();
      };
      const stopTimer = after(waitMs, () => {
        this.#waiting.delete(settle);
        resolve();
      });
      this.#waiting.add(settle);
    });
  }

  /**
   * Begins again at another journal's tail, or at this journal's tail after records that could not
   * be read. Runs completely within a turn of its own.
   *
   * @returns Resolves when done.
   */
  replace(figures: TailFigures): Promise<void> {
    this.#replacing ??= new Promise((resolve) => {
      afterThisTurn(() => {
        this.#replacing = undefined;
        if (figures.epoch !== this.#figures.epoch) this.#left.add(this.#figures.epoch);
        this.#figures = figures;
        this.#seen = figures.tail;
        this.#tag = figures.tag;
        this.#restoredUpTo = figures.restoredUpTo;
        this.followers.restart(this.#seen);
        for (const onReplaced of this.#onReplaced) onReplaced();
        for (const settle of this.#waiting) settle();
        resolve();
      });
    });
    return this.#replacing;
  }

  /**
   * Tells whether this process has seen the epoch end. If the epoch is there again, older data were
   * restored, and its offsets must not be given twice.
   */
  hasLeft(epoch: string): boolean {
    return this.#left.has(epoch);
  }

  /** Takes the result of a check on any of the connections. Two checks may find the same. */
  async adopt(check: TailFigures & { readonly isReplaced: boolean }): Promise<void> {
    if (check.isReplaced && check.epoch !== this.#figures.epoch) await this.replace(check);
    else this.note(check);
  }

  watchReplaced(onReplaced: () => void): () => void {
    this.#onReplaced.add(onReplaced);
    return () => void this.#onReplaced.delete(onReplaced);
  }
}
