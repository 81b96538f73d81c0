import type { HubError } from "../../core/errors.ts";
import { recordBytes } from "../../core/journal/journal.ts";
import type { StateStep } from "../../core/journal/state.ts";
import type { Update } from "../../core/update/update.ts";
import { ReplyError } from "./connection.ts";
import { unavailable, writeFailure } from "./failure.ts";

/** Most updates and bytes of one commit. A larger append has a commit of its own. */
const GROUP_UPDATES = 1000;
const GROUP_BYTES = 4 * 1024 * 1024;
/** Most updates and bytes that wait for a commit. */
const MOST_UPDATES = 100_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** An append in the queue. */
export interface PendingAppend {
  readonly batch: readonly Update[];
  readonly steps: readonly StateStep[];
  readonly key: { readonly digest: string; readonly request: string; readonly answer: string | undefined } | undefined;
}

/** Outcome of an append. */
export type Committed =
  | { readonly kind: "appended"; readonly offsets: readonly number[] }
  | { readonly kind: "known"; readonly text: string };

interface Waiting extends PendingAppend {
  readonly updates: number;
  readonly bytes: number;
  readonly resolve: (committed: Committed) => void;
  readonly reject: (error: HubError) => void;
}

/**
 * Commits appends one group after the other. Appends that arrive during a commit share the next
 * commit.
 */
export class Committer {
  readonly #commit: (group: readonly PendingAppend[]) => Promise<readonly Committed[]>;
  #queue: Waiting[] = [];
  #updates = 0;
  #bytes = 0;
  #committing: Promise<void> | undefined;

  /** @param commit - Commits a group atomically. A failure applies to the whole group. */
  constructor(commit: (group: readonly PendingAppend[]) => Promise<readonly Committed[]>) {
    this.#commit = commit;
  }

  add(append: PendingAppend): Promise<Committed> {
    let updates = append.batch.length + append.steps.length;
    let bytes = append.batch.reduce((sum, update) => sum + recordBytes(update), 0);
    for (const { key, value, update } of append.steps)
      bytes += key.length + (value?.length ?? 0) + (update === undefined ? 0 : recordBytes(update));
    updates = Math.max(1, updates);
    if (this.#queue.length > 0 && (this.#updates + updates > MOST_UPDATES || this.#bytes + bytes > MOST_BYTES)) {
      return Promise.reject(unavailable("Too many updates wait for the journal's Redis."));
    }
    this.#updates += updates;
    this.#bytes += bytes;
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...append, updates, bytes, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#committing;
  }

  async #commitAll(): Promise<void> {
    // Appends of the same turn share the first commit.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#take();
      try {
        const committed = await this.#commit(group);
        for (const [i, { resolve }] of group.entries()) resolve(committed[i] as Committed);
      } catch (error) {
        const failure = writeFailure(error);
        for (const { reject } of group) reject(failure);
        // The remaining appends have waited as long, and would wait as long again.
        if (!(error instanceof ReplyError)) this.#rejectAll(error);
      }
    }
    this.#committing = undefined;
  }

  #take(): Waiting[] {
    let count = 0;
    let updates = 0;
    let bytes = 0;
    for (const waiting of this.#queue) {
      if (count > 0 && (updates + waiting.updates > GROUP_UPDATES || bytes + waiting.bytes > GROUP_BYTES)) break;
      count++;
      updates += waiting.updates;
      bytes += waiting.bytes;
    }
    this.#updates -= updates;
    this.#bytes -= bytes;
    if (count === this.#queue.length) {
      const all = this.#queue;
      this.#queue = [];
      return all;
    }
    return this.#queue.splice(0, count);
  }

  #rejectAll(cause: unknown): void {
    const failure = unavailable("The journal's Redis takes no updates.", cause);
    for (const { reject } of this.#queue) reject(failure);
    this.#queue = [];
    this.#updates = 0;
    this.#bytes = 0;
  }
}
