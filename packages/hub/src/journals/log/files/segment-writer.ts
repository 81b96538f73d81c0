import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { Allocation, PIECE_BYTES } from "./allocation.ts";
import { encodeAppend } from "../entries/codec.ts";
import { type EntryPlace, placeEntry, sealEntry, setKind } from "../entries/entry.ts";
import { FILE_MODE, type FileOperations, flushDirectory } from "./file-operations.ts";
import { type Secrets, SEGMENT_START, segmentHead } from "./identity.ts";
import { segmentPath } from "./segment.ts";

/** The active segment, as the one writing process has it open. */
export class SegmentWriter {
  /** Offset of its first record. */
  readonly first: number;
  /** Flushed length of its entries. */
  position: number;
  readonly #files: FileOperations;
  readonly #fd: number;
  readonly #allocation: Allocation;
  #isOpen = true;

  private constructor(files: FileOperations, fd: number, { first, position, length, limit }: SegmentWriterPlace) {
    this.first = first;
    this.position = position;
    this.#files = files;
    this.#fd = fd;
    this.#allocation = new Allocation(files, fd, { end: length, limit });
  }

  /** Opens a segment whose entries end at a position. Bytes behind it are cut off. */
  static async open(directory: string, files: FileOperations, place: Omit<SegmentWriterPlace, "length">): Promise<SegmentWriter> {
    const fd = openSync(segmentPath(directory, place.first, "log"), "r+");
    const writer = new SegmentWriter(files, fd, { ...place, length: place.position });
    try {
      await writer.cut();
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    writer.#allocation.keepAhead(place.position);
    return writer;
  }

  /**
   * Begins a segment with an entry without records, which says how far the log has come. The segment
   * has its name only once it is flushed.
   *
   * @param onNamed - Called at the moment when the file gets its name.
   */
  static async create(
    directory: string,
    files: FileOperations,
    secrets: Secrets,
    { kind = 0, ...begin }: SegmentBegin,
    limit: number,
    onNamed: () => void = () => undefined,
  ): Promise<SegmentWriter> {
    const path = segmentPath(directory, begin.first, "log");
    const fresh = `${path}.new`;
    const entry = encodeAppend({ batch: [], steps: [] });
    setKind(entry, kind);
    placeEntry(entry, 0, { ...begin, flushed: SEGMENT_START });
    sealEntry(entry, 0, entry.length, secrets.salt);
    const bytes = Buffer.alloc(Math.min(limit, PIECE_BYTES));
    segmentHead(secrets).copy(bytes);
    entry.copy(bytes, SEGMENT_START);
    const fd = openSync(fresh, "w+", FILE_MODE);
    try {
      files.write(fd, bytes, 0);
      await files.flush(fd);
      renameSync(fresh, path);
      onNamed();
      await flushDirectory(directory);
    } catch (error) {
      closeSync(fd);
      rmSync(fresh, { force: true });
      throw error;
    }
    const position = SEGMENT_START + entry.length;
    return new SegmentWriter(files, fd, { first: begin.first, position, length: bytes.length, limit });
  }

  /** Makes sure that nothing else writes where the next entries go. */
  clear(length: number): Promise<void> | undefined {
    return this.#allocation.clear(this.position + length);
  }

  /** Writes entries after the last ones. They count once they are flushed. */
  write(bytes: Uint8Array): void {
    this.#files.write(this.#fd, bytes, this.position);
  }

  /** @param length - Bytes of the entries written. */
  async flush(length: number): Promise<void> {
    await this.#files.flush(this.#fd);
    this.position += length;
    this.#allocation.keepAhead(this.position);
  }

  /** Cuts off all bytes after the flushed entries. */
  async cut(): Promise<void> {
    await this.#allocation.stop();
    await this.#files.truncate(this.#fd, this.position);
    this.#allocation.cut(this.position);
    await this.#files.flush(this.#fd);
  }

  /**
   * Puts entries in place of all but the first. If this fails before the cut, the old entries still
   * count.
   *
   * @param start - Position after the first entry.
   */
  async replace(start: number, bytes: Uint8Array): Promise<void> {
    await this.#allocation.stop();
    this.#files.write(this.#fd, bytes, start);
    await this.#files.flush(this.#fd);
    await this.#files.truncate(this.#fd, start + bytes.length);
    this.position = start + bytes.length;
    this.#allocation.cut(this.position);
    await this.#files.flush(this.#fd);
    this.#allocation.keepAhead(this.position);
  }

  /** Closes the file, without the space that was kept ready. */
  async close(): Promise<void> {
    try {
      await this.cut();
    } catch {
      // The next start cuts it, or another process writes it now.
    } finally {
      await this.abandon();
    }
  }

  /** Closes the file as it is. */
  async abandon(): Promise<void> {
    await this.#allocation.stop();
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}

interface SegmentWriterPlace {
  readonly first: number;
  readonly position: number;
  readonly length: number;
  /** Length that the segment should not exceed. */
  readonly limit: number;
}

/** How far the log has come at the beginning of a segment. */
interface SegmentBegin extends Omit<EntryPlace, "flushed"> {
  /** `AFTER_GAP` if records before the segment are known to be gone. Default: 0. */
  readonly kind?: number;
}
