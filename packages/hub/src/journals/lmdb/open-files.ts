import { statSync } from "node:fs";
import { join } from "node:path";

/** The files that each process of a journal has open: the data, and the locks shared by all. */
const NAMES = ["data.mdb", "lock.mdb"] as const;

/**
 * Tells whether a process's open files are still those in the directory. A process keeps reading
 * and writing an open file after its name is removed, or names another file. An open file keeps its
 * inode, so no other file gets that number.
 */
export class OpenFiles {
  readonly #files: readonly { readonly path: string; readonly inode: string | undefined }[];

  /** @param directory - Directory of a journal that was just opened. */
  constructor(directory: string) {
    this.#files = NAMES.map((name) => {
      const path = join(directory, name);
      return { path, inode: inodeOf(path) };
    });
  }

  /**
   * Why the files in the directory are not the open files. Undefined if they are, or if it can't be
   * told.
   */
  whyOther(): string | undefined {
    for (const { path, inode } of this.#files) {
      try {
        if (inodeOf(path) !== inode) return `${path} is another file`;
      } catch (error) {
        if (isGone(error)) return `${path} is gone`;
      }
    }
    return undefined;
  }
}

function inodeOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
