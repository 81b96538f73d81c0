import type { FileOperations } from "./file-operations.ts";

/**
 * Bytes that are filled and flushed at a time. A flush of appends waits for the piece under way, so
 * pieces are small.
 */
export const PIECE_BYTES: number = 256 * 1024;
/** Most space that is kept ready. */
const MOST_AHEAD_BYTES = 8 * 1024 * 1024;
const ZEROS: Buffer = Buffer.alloc(PIECE_BYTES);

/**
 * Keeps a part of a segment filled with zeros ahead of its entries, so that a flush need not write
 * the file's length and blocks too. Grows with the segment, so that a small journal stays small.
 */
export class Allocation {
  readonly #files: FileOperations;
  readonly #fd: number;
  readonly #limit: number;
  #end: number;
  #filling: Promise<void> | undefined;
  #wanted = 0;

  /** @param end - Length of the file. @param limit - Length that is not exceeded. */
  constructor(files: FileOperations, fd: number, { end, limit }: { readonly end: number; readonly limit: number }) {
    this.#files = files;
    this.#fd = fd;
    this.#end = end;
    this.#limit = limit;
  }

  /** Keeps space ready after a position. Does not wait. */
  keepAhead(position: number): void {
    this.#wanted = Math.min(this.#limit, position + Math.min(MOST_AHEAD_BYTES, Math.max(PIECE_BYTES, position) / 2));
    if (this.#wanted > this.#end) this.#filling ??= this.#fill();
  }

  /**
   * Makes sure that nothing is filled before a position any more, because entries are written there.
   *
   * @returns Undefined if there is nothing to wait for.
   */
  clear(position: number): Promise<void> | undefined {
    return position <= this.#end ? undefined : this.#extend(position);
  }

  async #extend(position: number): Promise<void> {
    await this.stop();
    this.#end = Math.max(this.#end, position);
  }

  /** Ends the filling. */
  async stop(): Promise<void> {
    this.#wanted = 0;
    await this.#filling;
  }

  /** Notes that the file was cut. */
  cut(length: number): void {
    this.#end = length;
  }

  async #fill(): Promise<void> {
    try {
      while (this.#wanted > this.#end) {
        await this.#files.fill(this.#fd, ZEROS, this.#end);
        await this.#files.flush(this.#fd);
        this.#end += PIECE_BYTES;
      }
    } catch {
      // On a full disk the appends themselves tell. Without space kept ready they take longer.
    } finally {
      this.#filling = undefined;
    }
  }
}
