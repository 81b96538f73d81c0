import type { Cohort } from "./cohort.ts";
import { after, monotonicMs } from "../scheduler.ts";

/** Times are rounded up to this, in milliseconds, so that cohorts share timers. */
const SLOT_MS = 5;

/** Wakes paced cohorts when their next write is due. */
export class Pacer {
  readonly #slots = new Map<number, Set<Cohort>>();
  readonly #onDue: (cohort: Cohort) => void;
  #stopTimer: () => void = () => undefined;
  #timerSlot = Infinity;

  /** @param onDue - Writes what waits for the cohort, if anything still does. */
  constructor(onDue: (cohort: Cohort) => void) {
    this.#onDue = onDue;
  }

  /** Something waits for the cohort until `atMs`, in milliseconds of the monotonic clock. */
  add(cohort: Cohort, atMs: number): void {
    const slot = Math.ceil(atMs / SLOT_MS);
    const cohorts = this.#slots.get(slot);
    if (cohorts === undefined) this.#slots.set(slot, new Set([cohort]));
    else cohorts.add(cohort);
    if (slot < this.#timerSlot) this.#arm(slot);
  }

  /** Serves all that waits, due or not. */
  flush(): void {
    this.#serve(Infinity);
  }

  #serve(until: number): void {
    const due = [...this.#slots.keys()].filter((slot) => slot <= until).toSorted((a, b) => a - b);
    for (const slot of due) {
      const cohorts = this.#slots.get(slot) ?? [];
      this.#slots.delete(slot);
      for (const cohort of cohorts) {
        // One that was full was served early, and has another time since.
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
