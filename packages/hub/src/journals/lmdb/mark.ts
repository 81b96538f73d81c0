import { renameSync, rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { after, monotonicMs } from "../../core/scheduler.ts";
import { readSelfNamed, writeSelfNamed, writeSelfNamedSoon } from "./file-identity.ts";

/** How long a mark may be behind the journal, in milliseconds. */
const BEHIND_MS = 200;

/** What a mark says: which journal was here, and how far it had come at least. */
interface Marked {
  readonly epoch: string;
  readonly tail: number;
  /** False when an older mark's content was put in the place of the newest. */
  readonly isOwn: boolean;
}

/**
 * A file that notes how far the journal has come. Data that have not come as far are older ones that were put in their place.
 *
 * Each write makes a new file, which names itself. So the mark of a copy does not pass for the newest one either, also where a copy is written into the files that are
 * there. A mark that can't be written, as on a full disk, stays as it is: then less is noticed.
 */
export class Mark {
  readonly #path: string;
  /** Where the next one is made. Processes that make one at once get in each other's way, which costs one of the marks. */
  readonly #fresh: string;
  /** What is to be noted next; undefined when nothing is. */
  #next: { readonly epoch: string; readonly tail: number } | undefined;
  #stopTimer: (() => void) | undefined;
  /** When the last one was begun, in milliseconds of the monotonic clock. */
  #writtenAtMs = -Infinity;
  #writing: Promise<void> | undefined;
  #isWanted: () => boolean = () => true;

  /** @param path - The file. Its directory should be one that exists. */
  constructor(path: string) {
    this.#path = path;
    this.#fresh = `${path}.new`;
  }

  /** From now on notes only while something holds, as that the journal is still in its place. */
  onlyWhile(isWanted: () => boolean): void {
    this.#isWanted = isWanted;
  }

  /** Why the data are not those that were here last; undefined when nothing says so. */
  whyOther(epoch: string, tail: number): string | undefined {
    const marked = this.#read();
    if (marked === undefined) return undefined;
    if (!marked.isOwn) return `${this.#path} is a copy`;
    if (marked.epoch !== epoch) return `${this.#path} tells of another journal`;
    if (marked.tail > tail) return `${this.#path} tells of update ${marked.tail}, and the newest is ${tail}`;
    return undefined;
  }

  /** Begins with a journal's epoch, whatever there was before. */
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
   * @param tail - Of what is flushed: a power cut must not take what the mark tells of.
   */
  note(epoch: string, tail: number): void {
    this.begin(epoch, this.#most(epoch, tail));
  }

  /** The same soon, without holding up the process, and once for many calls. */
  noteSoon(epoch: string, tail: number): void {
    this.#next = { epoch, tail };
    if (this.#writing !== undefined || this.#stopTimer !== undefined) return;
    // At once after a pause: then a copy that was made in it is soon an older one.
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

  /** Notes what is to be noted yet. */
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

  /** Another process may know of more. */
  #most(epoch: string, tail: number): number {
    const marked = this.#read();
    return marked?.isOwn === true && marked.epoch === epoch ? Math.max(tail, marked.tail) : tail;
  }

  #giveUp(): void {
    try {
      rmSync(this.#fresh, { force: true });
    } catch {
      // Nor can that be removed: the next mark replaces it.
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
