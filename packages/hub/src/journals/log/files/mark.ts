import { renameSync, rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { after, monotonicMs } from "../../../core/scheduler.ts";
import { readSelfNamed, writeSelfNamed, writeSelfNamedSoon } from "./file-identity.ts";

/** How long a mark may be behind the journal, in milliseconds. */
const BEHIND_MS = 200;

/** Content of a mark: the epoch of the journal that was here, and how far it had come at least. */
interface Marked {
  readonly epoch: string;
  readonly tail: number;
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
  #next: { readonly epoch: string; readonly tail: number } | undefined;
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
  tailOf(epoch: string): number {
    const marked = this.#read();
    return marked?.epoch === epoch ? marked.tail : 0;
  }

  /** Begins with a journal's epoch, replacing any earlier mark. */
  begin(epoch: string, tail: number): void {
    try {
      rmSync(this.#fresh, { force: true });
      writeSelfNamed(this.#fresh, textOf(epoch, tail));
      renameSync(this.#fresh, this.#path);
    } catch {
      this.#giveUp();
    }
  }

  /**
   * Notes how far the journal has come.
   *
   * @param tail - A flushed tail. A power cut must not take records that the mark covers.
   */
  note(epoch: string, tail: number): void {
    this.begin(epoch, this.#most(epoch, tail));
  }

  /** Notes the same soon, without blocking the process, and once for many calls. */
  noteSoon(epoch: string, tail: number): void {
    this.#next = { epoch, tail };
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
      if (this.#next !== undefined) this.noteSoon(this.#next.epoch, this.#next.tail);
    });
  }

  /** Writes the pending note. */
  async settle(): Promise<void> {
    await this.#writing;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (this.#next !== undefined && this.#isWanted()) this.note(this.#next.epoch, this.#next.tail);
    this.#next = undefined;
  }

  async #write(): Promise<void> {
    if (this.#next === undefined) return;
    const { epoch, tail } = this.#next;
    this.#next = undefined;
    if (!this.#isWanted()) return;
    try {
      await rm(this.#fresh, { force: true });
      await writeSelfNamedSoon(this.#fresh, textOf(epoch, this.#most(epoch, tail)));
      await rename(this.#fresh, this.#path);
    } catch {
      this.#giveUp();
    }
  }

  /** Another process may have noted a later tail. */
  #most(epoch: string, tail: number): number {
    const marked = this.#read();
    return marked?.isOwn === true && marked.epoch === epoch ? Math.max(tail, marked.tail) : tail;
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
    const [, epoch, tail] = /^([0-9A-Za-z]{8}) (\d{1,16})\n$/.exec(read?.text ?? "") ?? [];
    return read === undefined || epoch === undefined ? undefined : { epoch, tail: Number(tail), isOwn: read.isOwn };
  }
}

function textOf(epoch: string, tail: number): string {
  return `${epoch} ${tail}\n`;
}
