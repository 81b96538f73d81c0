import { statSync } from "node:fs";

/** The file that says that this process writes: its socket, or a plain file in place of one. */
export class Claim {
  readonly #path: string;
  readonly #file: string | undefined;
  #wasLost: boolean;

  constructor(path: string) {
    this.#path = path;
    this.#file = fileAt(path);
    this.#wasLost = this.#file === undefined;
  }

  /**
   * Whether the file was removed or replaced, once and for ever. Another process may write then: a
   * later writer removes the files of the earlier ones before it reads the log. Costs two
   * microseconds.
   */
  readonly isLost = (): boolean => (this.#wasLost ||= fileAt(this.#path) !== this.#file);

  /** Whether another process has a file in its place. */
  isTaken(): boolean {
    const file = fileAt(this.#path);
    return file !== undefined && file !== this.#file;
  }
}

/** Identifies a file. A later file may have the inode of an earlier one, but not its birth too. */
function fileAt(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
}
