import { closeSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Most files that a reader keeps open. */
const MOST_OPEN = 128;

/** The parts of a segment: its records, their index, and the shared table as of its beginning. */
export type SegmentPart = "log" | "index" | "table";

/** Name of the file of a part. @param first - Offset of the segment's first record. */
export function segmentName(first: number, part: SegmentPart): string {
  return `${String(first).padStart(16, "0")}.${part}`;
}

/** Path of the file of a part. */
export function segmentPath(directory: string, first: number, part: SegmentPart): string {
  return join(directory, segmentName(first, part));
}

/** The segments that have a part, by the offsets of their first records, rising. */
export function listSegments(directory: string, part: SegmentPart = "log"): number[] {
  return readdirSync(directory)
    .filter((name) => name.length === 17 + part.length && name.endsWith(`.${part}`) && /^\d{16}\./.test(name))
    .map((name) => Number(name.slice(0, 16)))
    .toSorted((a, b) => a - b);
}

/** Files that are open for reading. Closes those that were opened first, if there are many. */
export class OpenFiles {
  readonly #fds = new Map<string, number>();

  /** @throws Error of the system. */
  fd(path: string): number {
    let fd = this.#fds.get(path);
    if (fd === undefined) {
      fd = openSync(path, "r");
      if (this.#fds.size >= MOST_OPEN) this.close(this.#fds.keys().next().value as string);
      this.#fds.set(path, fd);
    }
    return fd;
  }

  close(path: string): void {
    const fd = this.#fds.get(path);
    if (fd === undefined) return;
    this.#fds.delete(path);
    closeSync(fd);
  }

  closeAll(): void {
    for (const path of this.#fds.keys()) this.close(path);
  }
}
