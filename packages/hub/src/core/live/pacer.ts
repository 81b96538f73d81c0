import type { Cohort } from "./cohort.ts";
import { after, monotonicMs } from "../scheduler.ts";

/** Granularity of times, in milliseconds. Times are rounded up, so that cohorts share timers. */
const SLOT_MS = 5;

/** Wakes paced cohorts when their next write is due. */
export class Pacer {
  readonly #slots = new Map<number, Set<Cohort>>();
  readonly #onDue: (cohort: Cohort) => void;
  #stopTimer: () => void = () => undefined;
  #timerSlot = Infinity;

  /** @param onDue - Writes the cohort's waiting updates, if any are left. */
  constructor(onDue: (cohort: Cohort) => void) {
    this.#onDue = onDue;
  }

  /** Schedules a write of the cohort at `atMs`, in milliseconds of the monotonic clock. */
  add(cohort: Cohort, atMs: number): void {
    const slot = Math.ceil(atMs / SLOT_MS);
    const cohorts = this.#slots.get(slot);
    if (cohorts === undefined) this.#slots.set(slot, new Set([cohort]));
    else cohorts.add(cohort);
    if (slot < this.#timerSlot) this.#arm(slot);
  }

  /** Serves all waiting cohorts, due or not. */
  flush(): void {
    this.#serve(Infinity);
  }

  #serve(until: number): void {
    const due = [...this.#slots.keys()].filter((slot) => slot <= until).toSorted((a, b) => a - b);
    for (const slot of due) {
      const cohorts = this.#slots.get(slot) ?? [];
      this.#slots.delete(slot);
      for (const cohort of cohorts) {
        // A cohort that was full was served early, and has another time since.
        if (until === Infinity || (cohort.paced?.dueAtMs ?? 0) <= slot * SLOT_MS) this.#onDue(cohort);
      }
    }
    this.#stopTimer();
    this.#timerSlot = Infinity;
    if (this.#slots.size > 0) this.#arm(Math.min(...this.#slots.keys()));
  }

  #arm(slot: number): void {
    this.#stopTimer();
    this.#timerSlot = slot;
    const delayMs = Math.max(0, slot * SLOT_MS - monotonicMs());
    this.#stopTimer = after(delayMs, () => this.#serve(Math.floor(monotonicMs() / SLOT_MS)));
  }
}
