import { statSync } from "node:fs";
import { afterThisTurn } from "../../../core/scheduler.ts";
import { deposed } from "../files/failure.ts";
import type { LogOutcome, LogPlace, LogWriterAccess } from "../files/log-access.ts";

/** The store of this process, opened as the one writer. */
export interface OpenStore extends LogWriterAccess {
  /** Finishes the appends under way, then releases every resource. */
  close(): Promise<void>;
}

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

/**
 * The store, as long as this process is the writer. An election has one winner among processes that
 * reach each other's sockets. Two containers with one directory may not, and an operator may remove
 * a socket.
 */
export class GuardedStore implements LogWriterAccess {
  readonly #store: OpenStore;
  readonly #claim: Claim;
  #wasLooked = false;

  constructor(store: OpenStore, claim: Claim) {
    this.#store = store;
    this.#claim = claim;
  }

  get place(): LogPlace {
    return this.#store.place;
  }

  onMoved(listener: (place: LogPlace) => void): () => void {
    return this.#store.onMoved(listener);
  }

  append(request: Buffer): Promise<LogOutcome> {
    // Once for all appends of a turn, which share a flush.
    if (!this.#wasLooked) {
      if (this.#claim.isLost()) return Promise.reject(deposed());
      this.#wasLooked = true;
      afterThisTurn(() => (this.#wasLooked = false));
    }
    return this.#store.append(request);
  }

  entries(...page: Parameters<LogWriterAccess["entries"]>): ReturnType<LogWriterAccess["entries"]> {
    return this.#store.entries(...page);
  }

  findId(id: string): Promise<readonly number[]> {
    return this.#store.findId(id);
  }

  findKey(digest: string, request: string): ReturnType<LogWriterAccess["findKey"]> {
    return this.#store.findKey(digest, request);
  }
}

/** Identifies a file. A later file may have the inode of an earlier one, but not its birth too. */
function fileAt(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
}
