import { onTestFinished, vi } from "vitest";

/** The most that a busy machine adds until a test sees an event, in milliseconds. Less than a token's leeway. */
export const LATE_MS = 2500;

/** The monotonic clock of a test: time passes only when the test says so. */
export interface TestClock {
  nowMs: number;
  /** How long a look at the clock takes, in milliseconds: so work that watches the time can be given a number of steps. */
  lookMs: number;
}

/** Replaces the monotonic clock until the test ends. Timers and turns of the event loop stay real. */
export function stopClock(): TestClock {
  const clock: TestClock = { nowMs: 1000, lookMs: 0 };
  const spy = vi.spyOn(performance, "now").mockImplementation(() => (clock.nowMs += clock.lookMs));
  onTestFinished(() => spy.mockRestore());
  return clock;
}
