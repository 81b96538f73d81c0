import { statSync } from "node:fs";
import { HubError } from "../../core/errors.ts";
import type { LogOutcome, LogPlace, LogWriterAccess } from "./log-access.ts";

/** The store of this process, opened as the one writer. */
export interface OpenStore extends LogWriterAccess {
  /** Finishes the appends under way, then releases every resource. */
  close(): Promise<void>;
}

/** The file that says that this process writes: its socket, or a plain file in place of one. */
export class Claim {
  readonly #path: string;
  readonly #inode: number | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#inode = inodeOf(path);
  }

  /**
   * Whether the file was removed or replaced. Another process may write then: a later writer
   * removes the files of the earlier ones.
   */
  isLost(): boolean {
    return inodeOf(this.#path) !== this.#inode;
  }
}

/**
 * The store, as long as its files are in place and this process is the writer. An open file can be
 * written after its name is gone.
 */
export class GuardedStore implements LogWriterAccess {
  readonly #store: OpenStore;
  readonly #absence: () => HubError | undefined;
  readonly #claim: Claim;
  readonly #listeners = new Set<(place: LogPlace) => void>();
  /** Why the flush that just ended may have gone into files that were taken away. */
  #doubt: HubError | undefined;

  /** @param absence - Why the files are not in place, or undefined. */
  constructor(store: OpenStore, absence: () => HubError | undefined, claim: Claim) {
    this.#store = store;
    this.#absence = absence;
    this.#claim = claim;
    store.onMoved((place) => {
      this.#doubt = this.#refusal();
      if (this.#doubt === undefined) this.#tell(place);
    });
  }

  /**
   * Looks after the files while nothing is appended.
   *
   * @returns Whether this process is still the writer, as far as known.
   */
  look(): boolean {
    if (this.#absence() !== undefined) return true;
    if (this.#claim.isLost()) return false;
    if (this.#doubt === undefined) return true;
    // The files are back, with what was written meanwhile.
    this.#doubt = undefined;
    this.#tell(this.place);
    return true;
  }

  get place(): LogPlace {
    return this.#store.place;
  }

  onMoved(listener: (place: LogPlace) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async append(request: Buffer): Promise<LogOutcome> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    const outcome = await this.#store.append(request);
    if (this.#doubt !== undefined && outcome.kind === "appended" && outcome.count > 0) throw outcomeUnknown(this.#doubt);
    return outcome;
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

  #tell(place: LogPlace): void {
    for (const onMoved of this.#listeners) onMoved(place);
  }

  #refusal(): HubError | undefined {
    return this.#absence() ?? (this.#claim.isLost() ? deposed() : undefined);
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function deposed(): HubError {
  return new HubError("journal_unavailable", "Another process writes the journal now. Try again in a moment.", { retryAfterMs: 1000 });
}

/** A flush went into files that were moved away meanwhile. They may come back, or not. */
function outcomeUnknown(cause: HubError): HubError {
  return new HubError("outcome_unknown", "The journal's files were taken away while the update was written. It may be published or not.", {
    cause,
  });
}
