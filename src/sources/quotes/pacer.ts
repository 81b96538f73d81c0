import type { TextUpdate } from "../../core/update.ts";
import { MAX_BATCH } from "../source.ts";
import { TICK_MS, type QuotesClock } from "./options.ts";

/** Publishes updates at their time, in as few batches as that allows. */
export interface Pacer {
  /**
   * Waits until it is time for what has this time in the file. What comes within one tick goes out as one batch at its end.
   *
   * @returns False when the signal is aborted.
   */
  waitFor(timeMs: number): Promise<boolean>;
  add(update: TextUpdate): Promise<void>;
  /** Publishes what has been added. */
  flush(): Promise<void>;
}

/** What a pacer works with. */
export interface PacerOptions {
  readonly speed: number | "max";
  readonly longestPauseMs: number;
  readonly clock: QuotesClock;
  readonly signal: AbortSignal;
  readonly publish: (updates: readonly TextUpdate[]) => Promise<void>;
}

export function createPacer({ speed, longestPauseMs, clock, signal, publish }: PacerOptions): Pacer {
  let batch: TextUpdate[] = [];
  /** When the replay began, by the clock, and by the times in the file. */
  let startMs = Number.NaN;
  let fileStartMs = Number.NaN;
  /** When the last update was due, since the beginning. */
  let dueBefore = 0;

  async function flush(): Promise<void> {
    const updates = batch;
    batch = [];
    if (updates.length > 0) await publish(updates);
  }

  return {
    flush,
    async add(update) {
      batch.push(update);
      if (batch.length >= MAX_BATCH) await flush();
    },
    async waitFor(timeMs) {
      if (speed === "max") return !signal.aborted;
      if (Number.isNaN(startMs)) {
        startMs = clock.now();
        fileStartMs = timeMs;
      }
      const due = (timeMs - fileStartMs) / speed;
      const excess = due - dueBefore - longestPauseMs;
      // A pause that is too long is taken out of the file's time, for all that follows.
      if (excess > 0) fileStartMs += excess * speed;
      dueBefore = Math.max(dueBefore, (timeMs - fileStartMs) / speed);
      const tick = startMs + Math.ceil(dueBefore / TICK_MS) * TICK_MS;
      if (tick > clock.now()) {
        await flush();
        await clock.sleep(tick - clock.now(), signal);
      }
      return !signal.aborted;
    },
  };
}
