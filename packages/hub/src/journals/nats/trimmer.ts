import { after } from "../../core/scheduler.ts";
import type { Log } from "./log.ts";
import type { Replica } from "./replica.ts";
import type { JournalStream } from "./stream.ts";

/**
 * Time between two removals from the stream, in milliseconds. A request for each commit would cost
 * more than the commit.
 */
const REMOVE_MS = 500;

/**
 * Removes messages from the stream that are no longer held. The commits alone decide which records
 * are held, so the time of a removal does not matter.
 */
export class Trimmer {
  readonly #stream: JournalStream;
  readonly #replica: Replica;
  #log: Log | undefined;
  #removed = 0;
  #stopTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(stream: JournalStream, replica: Replica) {
    this.#stream = stream;
    this.#replica = replica;
  }

  /** Schedules a check for messages to remove. */
  wake(): void {
    if (this.#isClosed) return;
    this.#stopTimer ??= after(REMOVE_MS, () => {
      void this.#remove().finally(() => {
        this.#stopTimer = undefined;
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#stopTimer?.();
  }

  async #remove(): Promise<void> {
    const { log, isLive } = this.#replica;
    if (!isLive) return;
    if (log !== this.#log) this.#removed = 0;
    this.#log = log;
    const seq = log.neededFrom();
    if (seq <= this.#removed) return;
    try {
      await this.#stream.removeBefore(seq);
      this.#removed = seq;
    } catch {
      // The next commit tries again.
    }
  }
}
