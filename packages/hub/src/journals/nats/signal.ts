import { after } from "../../core/scheduler.ts";

/** Wakes waiting callers when something changes. */
export class Signal {
  #waiting = new Set<() => void>();

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }

  /** Waits for the next {@link notify}, or this long. */
  wait(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        stopTimer();
        this.#waiting.delete(wake);
        resolve();
      };
      const stopTimer = after(Math.max(0, mostMs), wake);
      this.#waiting.add(wake);
    });
  }
}
