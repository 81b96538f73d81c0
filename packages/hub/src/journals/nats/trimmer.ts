import { after } from "../../core/scheduler.ts";
import type { Log } from "./log.ts";
import type { Replica } from "./replica.ts";
import type { JournalStream } from "./stream.ts";

/** How often what is not held any more is removed from the stream, in milliseconds: a request for each commit would cost more than the commit. */
const REMOVE_MS = 500;

/** Removes from the stream what is not held any more. What is held is decided by the commits alone, so it does not matter when this happens. */
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

  /** Looks soon whether there is something to remove. */
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
      // It is tried again after the next commit.
    }
  }
}
