import type { TextUpdate } from "artesian";
import { MAX_BATCH } from "../source.ts";
import { TICK_MS, type QuotesClock } from "./options.ts";

/**
 * Publishes updates at their time, in as few batches as possible, and never faster than the bound.
 */
export interface Pacer {
  /**
   * Waits until a time of the file is due. Updates within one tick go out as one batch at its end.
   *
   * @returns False when the signal is aborted.
   */
  waitFor(timeMs: number): Promise<boolean>;
  add(update: TextUpdate): Promise<void>;
  /** Publishes the added updates. */
  flush(): Promise<void>;
}

/** Options of a pacer. */
export interface PacerOptions {
  readonly speed: number | "max";
  readonly longestPauseMs: number;
  /** Most updates a second, even if more are due. */
  readonly maxPerSecond: number;
  readonly clock: QuotesClock;
  readonly signal: AbortSignal;
  readonly publish: (updates: readonly TextUpdate[]) => Promise<void>;
  /** Called when updates wait for the bound. */
  readonly onBound: () => void;
  /** Called when the times go back to the start of another series. */
  readonly onSeries: () => void;
}

/**
 * A step back of more than this starts another series, in milliseconds of the file. Late prices go
 * back less.
 */
const SERIES_MS = 60_000;

export function createPacer({ speed, longestPauseMs, maxPerSecond, clock, signal, publish, onBound, onSeries }: PacerOptions): Pacer {
  let batch: TextUpdate[] = [];
  /** Start of the replay, by the clock and by the times in the file. */
  let startMs = Number.NaN;
  let fileStartMs = Number.NaN;
  /** Due time of the last update, since the start. */
  let dueBefore = 0;

  /** Cost of an update in milliseconds, and the saved budget, which is at most one tick. */
  const costMs = 1000 / maxPerSecond;
  const mostMs = Math.max(TICK_MS, costMs);
  let savedMs = mostMs;
  let savedAtMs = clock.now();

  function save(): void {
    const nowMs = clock.now();
    savedMs = Math.min(mostMs, savedMs + nowMs - savedAtMs);
    savedAtMs = nowMs;
  }

  async function flush(): Promise<void> {
    const updates = batch;
    batch = [];
    if (updates.length > 0) await publish(updates);
  }

  return {
    flush,
    async add(update) {
      save();
      // A sum of fractions is not exact.
      while (savedMs < costMs - 1e-6 && !signal.aborted) {
        onBound();
        await flush();
        await clock.sleep(Math.max(costMs - savedMs, TICK_MS), signal);
        save();
      }
      savedMs -= costMs;
      batch.push(update);
      if (batch.length >= MAX_BATCH) await flush();
    },
    async waitFor(timeMs) {
      if (speed === "max") return !signal.aborted;
      if (Number.isNaN(startMs)) {
        startMs = clock.now();
        fileStartMs = timeMs;
      }
      // Another series continues at its own pace. By the first series' start, all of it would be
      // due at once.
      if (fileStartMs + dueBefore * speed - timeMs > SERIES_MS) {
        onSeries();
        fileStartMs = timeMs - dueBefore * speed;
      }
      const due = (timeMs - fileStartMs) / speed;
      const excess = due - dueBefore - longestPauseMs;
      // The excess of a long pause is removed from the file's time, for all later updates.
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
