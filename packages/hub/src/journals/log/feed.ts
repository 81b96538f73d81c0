import type { JournalPage, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";
import { afterThisTurn, nextTurn } from "../../core/scheduler.ts";
import { Followers } from "../shared/followers.ts";

/**
 * Most records given in one turn of the event loop. A process that was suspended may have missed
 * many.
 */
const MOST_RECORDS = 5000;

/** Gives followers every record up to the newest known tail. */
export class Feed {
  readonly #followers: Followers;
  readonly #between: (after: number, upTo: number) => readonly JournalRecord[];
  /** Followers have every record up to this offset. */
  #given = 0;
  #tail = 0;
  #isCatchingUp = false;

  /**
   * @param between - Reads the records after an offset, up to another. May throw.
   * @param read - See `Journal.read`.
   */
  constructor(
    between: (after: number, upTo: number) => readonly JournalRecord[],
    read: (after: number, limits: ReadLimits) => Promise<JournalPage>,
  ) {
    this.#between = between;
    this.#followers = new Followers(read);
  }

  /** Begins after an offset. */
  begin(tail: number): void {
    this.#given = tail;
    this.#tail = tail;
    this.#followers.restart(tail);
  }

  /** See `Journal.follow`. */
  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void {
    return this.#followers.follow(after, this.#given, onAppended);
  }

  /** Gives the records up to a tail, or tries again after a failed read. */
  moveTo(tail: number): void {
    this.#tail = Math.max(this.#tail, tail);
    if (!this.#isCatchingUp) this.#advance();
  }

  /**
   * Waits until followers have the record at an offset, or it can't be read now.
   *
   * @returns Undefined if there is nothing to wait for.
   */
  reached(offset: number): Promise<void> | undefined {
    if (this.#given >= offset || !this.#isCatchingUp) return undefined;
    return nextTurn().then(() => this.reached(offset));
  }

  clear(): void {
    this.#tail = this.#given;
    this.#followers.clear();
  }

  #advance(): void {
    this.#isCatchingUp = false;
    if (this.#given >= this.#tail) return;
    const upTo = Math.min(this.#tail, this.#given + MOST_RECORDS);
    let records: readonly JournalRecord[];
    try {
      records = this.#between(this.#given, upTo);
    } catch {
      return; // The next place, or the next look, tries again.
    }
    this.#given = upTo;
    if (records.length > 0) this.#followers.give(records);
    if (this.#given >= this.#tail) return;
    this.#isCatchingUp = true;
    afterThisTurn(() => this.#advance());
  }
}
