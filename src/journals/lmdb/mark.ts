import { renameSync, rmSync } from "node:fs";
import { readSelfNamed, writeSelfNamed } from "./file-identity.ts";

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
 * there.
 */
export class Mark {
  readonly #path: string;

  /** @param path - The file. Its directory should be one that exists. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Why the data are not those that were here last; undefined when nothing says so. */
  whyOther(epoch: string, tail: number): string | undefined {
    const marked = this.#read();
    if (marked === undefined) return undefined;
    if (!marked.isOwn) return `${this.#path} is a copy`;
    if (marked.epoch !== epoch) return `${this.#path} tells of another journal`;
    if (marked.tail > tail) return `${this.#path} tells of ${marked.tail - tail} updates more`;
    return undefined;
  }

  /** Begins with a journal's epoch, whatever there was before. */
  begin(epoch: string, tail: number): void {
    this.#write(epoch, tail);
  }

  /**
   * Notes how far the journal has come. A mark that can't be written, as on a full disk, stays as it is: the next one is as good.
   *
   * @param tail - Of what is flushed: a power cut must not take what the mark tells of.
   */
  note(epoch: string, tail: number): void {
    const marked = this.#read();
    // Another process may know of more.
    this.#write(epoch, marked?.isOwn === true && marked.epoch === epoch ? Math.max(tail, marked.tail) : tail);
  }

  #write(epoch: string, tail: number): void {
    const own = `${this.#path}.${process.pid}`;
    try {
      rmSync(own, { force: true });
      writeSelfNamed(own, `${epoch} ${tail}\n`);
      renameSync(own, this.#path);
    } catch {
      try {
        rmSync(own, { force: true });
      } catch {
        // Nor can that be removed: the next mark replaces it.
      }
    }
  }

  #read(): Marked | undefined {
    const read = readSelfNamed(this.#path);
    const [, epoch, tail] = /^([0-9A-Za-z]{8}) (\d{1,16})\n$/.exec(read?.text ?? "") ?? [];
    return read === undefined || epoch === undefined ? undefined : { epoch, tail: Number(tail), isOwn: read.isOwn };
  }
}
