import { HubError } from "../../../core/errors.ts";
import { nextTurn } from "../../../core/scheduler.ts";
import type { LogOutcome } from "../files/log-access.ts";

/** Most bytes of appends that share a flush. A larger append is flushed alone. */
const GROUP_BYTES: number = 4 * 1024 * 1024;

/**
 * Writes a group of encoded appends, and waits until they are flushed.
 *
 * @returns The outcome of each append, or the error of an append that was refused alone.
 */
export type WriteGroup = (requests: readonly Buffer[]) => Promise<readonly (LogOutcome | HubError)[]>;

interface Waiting {
  readonly request: Buffer;
  readonly resolve: (outcome: LogOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends that wait for a flush. All that come during a flush share the next one. */
export class AppendQueue {
  readonly #write: WriteGroup;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(write: WriteGroup) {
    this.#write = write;
  }

  append(request: Buffer): Promise<LogOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Waits until no append waits. */
  async settle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // A group begins after the sockets of this turn are read, so that publishers that waited
      // during a delivery share it.
      await nextTurn();
      await this.#commit(this.#take());
    }
    this.#running = undefined;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#write(group.map(({ request }) => request));
      for (const [i, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[i] as LogOutcome | HubError;
        if (outcome instanceof HubError) reject(outcome);
        else resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ request }, i) => (bytes += request.length) > GROUP_BYTES && i > 0);
    if (end >= 0) return this.#waiting.splice(0, end);
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }
}
