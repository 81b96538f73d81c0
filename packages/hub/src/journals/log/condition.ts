import { statSync } from "node:fs";
import { HubError } from "../../core/errors.ts";
import { afterThisTurn } from "../../core/scheduler.ts";

/**
 * Whether an open log can be used. A process keeps reading and writing an open file after its name
 * is removed, or names another file. A log whose files are elsewhere can be used once they are back.
 */
export class Condition {
  readonly #directory: string;
  readonly #listeners = new Set<() => void>();
  /** Paths of files, and the inodes that they had. */
  #files = new Map<string, string | undefined>();
  #damage: HubError | undefined;
  #absence: HubError | undefined;
  /** Why the files count as others, or undefined if they do not. */
  #why: string | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Takes the present files for the log's. */
  watchFiles(paths: readonly string[]): void {
    this.#files = new Map(paths.map((path) => [path, inodeOf(path)]));
  }

  /**
   * Why nothing can be read or appended. The cause tells the operator what to do. Undefined while
   * the log works.
   */
  get failure(): HubError | undefined {
    return this.#damage ?? this.#absence;
  }

  /** Calls back when {@link failure} comes or goes. @returns Stops watching. */
  watch(onChanged: () => void): () => void {
    this.#listeners.add(onChanged);
    return () => void this.#listeners.delete(onChanged);
  }

  /** Checks whether the files are still there. Costs a few microseconds. */
  look(): HubError | undefined {
    const why = this.#whyOther();
    if (why !== this.#why) {
      this.#why = why;
      this.#absence = why === undefined ? undefined : absent(this.#directory, why);
      this.#tell();
    }
    return this.failure;
  }

  /** Notes that flushed records are gone, so that the log can't be used until it is opened again. */
  damage(why: string): HubError {
    this.#damage ??= damagedWhileOpen(this.#directory, why);
    this.#tell();
    return this.#damage;
  }

  /** Undefined if the files are the same, or if it can't be told. */
  #whyOther(): string | undefined {
    for (const [path, inode] of this.#files) {
      try {
        if (inodeOf(path) !== inode) return `${path} is another file`;
      } catch (error) {
        if (isGone(error)) return `${path} is gone`;
      }
    }
    return undefined;
  }

  /** Not now: the caller may be in the middle of a delivery. */
  #tell(): void {
    afterThisTurn(() => {
      for (const onChanged of this.#listeners) onChanged();
    });
  }
}

function inodeOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function absent(directory: string, why: string): HubError {
  return new HubError("journal_unavailable", "The journal's files are not where they were. Nothing is published until they are back.", {
    cause: new Error(
      `The journal in ${directory} was removed or replaced while it was open: ${why}. ` +
        "Move the same directory back, and the hub goes on. To go on with a copy or an empty journal, stop the hub, put the copy in its place, and start it.",
    ),
  });
}

function damagedWhileOpen(directory: string, why: string): HubError {
  return new HubError("journal_unavailable", "The journal is damaged. Nothing is published until the operator has repaired it.", {
    cause: new Error(`The journal in ${directory} is damaged: ${why}. Restart the hub: the start says what is wrong and what to do.`),
  });
}
