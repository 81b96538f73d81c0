import { type DurationFigures, Durations } from "../../core/durations.ts";
import { Lease } from "../../core/lease.ts";
import { every, monotonicMs } from "../../core/scheduler.ts";

/** Interval of the timer whose lateness is counted, in milliseconds. */
const INTERVAL_MS = 50;
/** How long counting goes on after the last look, in milliseconds. */
const WATCHED_MS = 600_000;

/**
 * Counts how late the event loop runs timers, from the first look on. A hub whose figures nobody
 * reads has no timer.
 */
export class EventLoopDelays {
  readonly #durations = new Durations();
  readonly #lease = new Lease(WATCHED_MS, () => {
    let dueAt = monotonicMs() + INTERVAL_MS;
    return every(INTERVAL_MS, () => {
      const now = monotonicMs();
      this.#durations.add(now - dueAt);
      dueAt = now + INTERVAL_MS;
    });
  });

  read(): DurationFigures {
    this.#lease.extend();
    return this.#durations.figures();
  }
}
