import { statSync } from "node:fs";
import { HubError } from "../../../core/errors.ts";

/**
 * Tells whether a process's open file is still the one in the directory. A process keeps reading
 * and writing an open file after its name is removed, or names another file. An open file keeps its
 * inode, so no other file gets that number.
 */
export class FileInPlace {
  readonly #path: string;
  readonly #inode: string;

  /** @param path - A file that was just opened. */
  constructor(path: string) {
    this.#path = path;
    this.#inode = inodeOf(path);
  }

  /** Why the file in the directory is not the open one. Undefined if it is, or if it can't be told. */
  whyOther(): string | undefined {
    try {
      return inodeOf(this.#path) === this.#inode ? undefined : `${this.#path} is another file`;
    } catch (error) {
      return isGone(error) ? `${this.#path} is gone` : undefined;
    }
  }
}

function inodeOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Makes the error while a journal's files are elsewhere. @param why - See {@link FileInPlace.whyOther}. */
export function filesAbsent(directory: string, why: string): HubError {
  return new HubError("journal_unavailable", "The journal's files are not where they were. Nothing is published until they are back.", {
    cause: new Error(
      `The journal in ${directory} was removed or replaced while it was open: ${why}. ` +
        "Move the same directory back, and the hub goes on. To go on with a copy or an empty journal, stop the hub, put the copy in its place, and start it.",
    ),
  });
}
