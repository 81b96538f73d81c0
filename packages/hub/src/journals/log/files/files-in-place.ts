import { statSync } from "node:fs";
import { HubError } from "../../../core/errors.ts";

/**
 * Tells whether a process's open files are still those in the directory. A process keeps reading
 * and writing an open file after its name is removed, or names another file. An open file keeps its
 * inode, so no other file gets that number.
 */
export class FilesInPlace {
  readonly #files: readonly { readonly path: string; readonly inode: string }[];

  /** @param paths - Files that were just opened. */
  constructor(paths: readonly string[]) {
    this.#files = paths.map((path) => ({ path, inode: inodeOf(path) }));
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

/** Makes the error while a journal's files are elsewhere. @param why - See {@link FilesInPlace.whyOther}. */
export function filesAbsent(directory: string, why: string): HubError {
  return new HubError("journal_unavailable", "The journal's files are not where they were. Nothing is published until they are back.", {
    cause: new Error(
      `The journal in ${directory} was removed or replaced while it was open: ${why}. ` +
        "Move the same directory back, and the hub goes on. To go on with a copy or an empty journal, stop the hub, put the copy in its place, and start it.",
    ),
  });
}
