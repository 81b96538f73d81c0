import { renameSync, rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { after, monotonicMs } from "../../../core/scheduler.ts";
import { isFurther } from "../entries/entry.ts";
import { readSelfNamed, writeSelfNamed, writeSelfNamedSoon } from "./file-identity.ts";

/** How long a mark may be behind the journal, in milliseconds. */
const BEHIND_MS = 200;

/** How far a journal has come. */
export interface Progress {
  readonly tail: number;
  /** Number of changes of the shared table. */
  readonly changes: number;
}

/** Content of a mark: the epoch of the journal that was here, and how far it had come at least. */
interface Marked extends Progress {
  readonly epoch: string;
  /** False if an older mark's content was copied over the newest. */
  readonly isOwn: boolean;
}

/**
 * A file that notes how far the journal has come. Data that are behind the mark are older data in
 * its place.
 *
 * Each write makes a new file, which names itself. So a copied mark never passes for the newest,
 * even if the copy is written into existing files. A mark that can't be written, as on a full disk,
 * stays as it is. Less is noticed then.
 */
export class Mark {
  readonly #path: string;
  /**
   * Path of the next mark. Processes that make a mark at once disturb each other, which costs one
   * of the marks.
   */
  readonly #fresh: string;
  /** Position to note next, or undefined if there is none. */
  #next: (Progress & { readonly epoch: string }) | undefined;
  #stopTimer: (() => void) | undefined;
  /** Time of the last write's start, in milliseconds of the monotonic clock. */
  #writtenAtMs = -Infinity;
  #writing: Promise<void> | undefined;
  #isWanted: () => boolean = () => true;

  /** @param path - The file. Its directory should exist. */
  constructor(path: string) {
    this.#path = path;
    this.#fresh = `${path}.new`;
  }

  /**
   * Limits the notes to times when a condition holds, as that the journal is still in its place.
   */
  onlyWhile(isWanted: () => boolean): void {
    this.#isWanted = isWanted;
  }

  /**
   * Why the data differ from the journal that was last here, or undefined if nothing shows this.
   */
  whyOther(epoch: string, tail: number): string | undefined {
    const marked = this.#read();
    if (marked === undefined) return undefined;
    if (!marked.isOwn) return `${this.#path} is a copy`;
    if (marked.epoch !== epoch) return `${this.#path} tells of another journal`;
    if (marked.tail > tail) return `${this.#path} tells of update ${marked.tail}, and the newest is ${tail}`;
    return undefined;
  }

  /** How far a journal had come at least, as an own or a copied mark tells. */
  reached(epoch: string): Progress {
    const marked = this.#read();
    return marked?.epoch === epoch ? marked : { tail: 0, changes: 0 };
  }

  /** Number of changes of the shared table that a journal had, and has no more. */
  missingChanges(epoch: string, changes: number): number {
    const reached = this.reached(epoch);
    return isFurther(reached.changes, changes) ? (reached.changes - changes) >>> 0 : 0;
  }

  /** Begins with a journal's epoch, replacing any earlier mark. */
  begin(epoch: string, progress: Progress): void {
    try {
      rmSync(this.#fresh, { force: true });
      writeSelfNamed(this.#fresh, textOf(epoch, progress));
      renameSync(this.#fresh, this.#path);
    } catch {
      this.#giveUp();
    }
  }

  /**
   * Notes how far the journal has come.
   *
   * @param progress - Flushed. A power cut must not take records that the mark covers.
   */
  note(epoch: string, progress: Progress): void {
    this.begin(epoch, this.#most(epoch, progress));
  }

  /** Notes the same soon, without blocking the process, and once for many calls. */
  noteSoon(epoch: string, { tail, changes }: Progress): void {
    this.#next = { epoch, tail, changes };
    if (this.#writing !== undefined || this.#stopTimer !== undefined) return;
    // Writes at once after a pause, so that a copy made during the pause is soon recognised as
    // older.
    const waitMs = this.#writtenAtMs + BEHIND_MS - monotonicMs();
    if (waitMs <= 0) this.#startWriting();
    else this.#stopTimer = after(waitMs, () => this.#startWriting());
  }

  #startWriting(): void {
    this.#stopTimer = undefined;
    this.#writtenAtMs = monotonicMs();
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#next !== undefined) this.noteSoon(this.#next.epoch, this.#next);
    });
  }

  /** Writes the pending note. */
  async settle(): Promise<void> {
    await this.#writing;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (this.#next !== undefined && this.#isWanted()) this.note(this.#next.epoch, this.#next);
    this.#next = undefined;
  }

  async #write(): Promise<void> {
    if (this.#next === undefined) return;
    const { epoch, ...progress } = this.#next;
    this.#next = undefined;
    if (!this.#isWanted()) return;
    try {
      await rm(this.#fresh, { force: true });
      await writeSelfNamedSoon(this.#fresh, textOf(epoch, this.#most(epoch, progress)));
      await rename(this.#fresh, this.#path);
    } catch {
      this.#giveUp();
    }
  }

  /** Another process may have noted a later tail. */
  #most(epoch: string, progress: Progress): Progress {
    const marked = this.#read();
    if (marked?.isOwn !== true || marked.epoch !== epoch) return progress;
    return {
      tail: Math.max(progress.tail, marked.tail),
      changes: isFurther(marked.changes, progress.changes) ? marked.changes : progress.changes,
    };
  }

  #giveUp(): void {
    try {
      rmSync(this.#fresh, { force: true });
    } catch {
      // The file can't be removed either. The next mark replaces it.
    }
  }

  #read(): Marked | undefined {
    const read = readSelfNamed(this.#path);
    const [, epoch, tail, changes] = /^([0-9A-Za-z]{8}) (\d{1,16}) (\d{1,10})\n$/.exec(read?.text ?? "") ?? [];
    return read === undefined || epoch === undefined
      ? undefined
      : { epoch, tail: Number(tail), changes: Number(changes), isOwn: read.isOwn };
  }
}

function textOf(epoch: string, { tail, changes }: Progress): string {
  return `${epoch} ${tail} ${changes}\n`;
}
