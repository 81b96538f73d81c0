import { HubError } from "../../core/errors.ts";
import { recordBytes } from "../../core/journal/journal.ts";
import type { StateStep } from "../../core/journal/state.ts";
import type { Update } from "../../core/update/update.ts";

/** Updates, and changes of the shared table, that are committed together or not at all. */
export interface Append {
  readonly batch: readonly Update[];
  /** Changes of the table, with further updates. */
  readonly steps: readonly StateStep[];
}

/** Number of updates and steps, and their bytes by {@link recordBytes}. */
export interface AppendSize {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Takes the next group from the queue. A second call puts the group back, and takes again.
 *
 * @param most - Most appends, for a group that turned out to be too large.
 */
export type TakeGroup<A extends Append> = (most?: number) => readonly A[];

/** The parts of a group commit that differ between engines. */
export interface GroupCommitOptions<A extends Append, R> {
  /** Why an append is refused at once, or undefined if the append may wait. */
  readonly refusal: () => HubError | undefined;
  readonly bounds: {
    /** Most that share a commit. A larger append is committed alone. */
    readonly group: () => AppendSize;
    /** Most that wait for a commit. */
    readonly waiting: AppendSize;
    /** Makes the error for an append beyond `waiting`. */
    readonly overflow: () => HubError;
  };
  /**
   * Commits one group atomically. A failure applies to the taken group, or to every waiting append
   * if none was taken.
   *
   * @returns The result of each append of the group.
   */
  readonly commit: (take: TakeGroup<A>) => Promise<readonly R[]>;
}

interface WaitingAppend<A, R> {
  readonly append: A;
  readonly size: AppendSize;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits appends, one group after the other. Appends that arrive during a commit share the next
 * commit. So the groups grow with the load, and an idle journal waits for nothing.
 */
export class GroupCommit<A extends Append, R> {
  readonly #options: GroupCommitOptions<A, R>;
  #queue: WaitingAppend<A, R>[] = [];
  /** Size of the queue. */
  #count = 0;
  #bytes = 0;
  #committing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: GroupCommitOptions<A, R>) {
    this.#options = options;
  }

  /** Resolves with the result once the append is committed. */
  append(append: A): Promise<R> {
    const { refusal, bounds } = this.#options;
    const refused = this.#isClosed ? new HubError("journal_unavailable", "The journal is closed.") : refusal();
    if (refused !== undefined) return Promise.reject(refused);
    const size = sizeOf(append);
    if (this.#queue.length > 0) {
      const { count, bytes } = bounds.waiting;
      if (this.#count + size.count > count || this.#bytes + size.bytes > bytes) return Promise.reject(bounds.overflow());
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ append, size, resolve, reject });
      this.#count += size.count;
      this.#bytes += size.bytes;
      this.#committing ??= this.#commitAll();
    });
  }

  /** Rejects all appends of the queue, as when they would only wait for the same failure. */
  rejectWaiting(error: HubError): void {
    for (const { reject } of this.#queue) reject(error);
    this.#restart([]);
  }

  /** Refuses further appends. @returns Resolves once nothing waits any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#committing;
  }

  async #commitAll(): Promise<void> {
    // Appends of the same turn share the first commit.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      let group: readonly WaitingAppend<A, R>[] = [];
      const take: TakeGroup<A> = (most = Infinity) => {
        if (group.length > 0) this.#restart([...group, ...this.#queue]);
        group = this.#take(most);
        return group.map(({ append }) => append);
      };
      try {
        const results = await this.#options.commit(take);
        for (const [i, { resolve }] of group.entries()) resolve(results[i] as R);
      } catch (error) {
        if (group.length === 0) this.rejectWaiting(error as HubError);
        for (const { reject } of group) reject(error);
      }
    }
    this.#committing = undefined;
  }

  /** Takes the first appends of the queue, as many as may share a commit. One at least. */
  #take(most: number): readonly WaitingAppend<A, R>[] {
    const bound = this.#options.bounds.group();
    let taken = 0;
    let count = 0;
    let bytes = 0;
    for (const { size } of this.#queue) {
      if (taken > 0 && (taken >= most || count + size.count > bound.count || bytes + size.bytes > bound.bytes)) break;
      taken++;
      count += size.count;
      bytes += size.bytes;
    }
    this.#count -= count;
    this.#bytes -= bytes;
    return this.#queue.splice(0, taken);
  }

  #restart(queue: WaitingAppend<A, R>[]): void {
    this.#queue = queue;
    this.#count = 0;
    this.#bytes = 0;
    for (const { size } of queue) {
      this.#count += size.count;
      this.#bytes += size.bytes;
    }
  }
}

function sizeOf({ batch, steps }: Append): AppendSize {
  let bytes = 0;
  for (const update of batch) bytes += recordBytes(update);
  for (const { key, value, update } of steps) bytes += key.length + (value?.length ?? 0) + (update === undefined ? 0 : recordBytes(update));
  return { count: Math.max(1, batch.length + steps.length), bytes };
}
