const immediate: typeof setImmediate | undefined = globalThis.setImmediate;

/** Runs a function once this turn of the event loop has handled its input. */
export const afterThisTurn: (run: () => void) => void = immediate ? (run) => immediate(run) : (run) => setTimeout(run, 0);

/** Lets the event loop handle input before going on. */
export function nextTurn(): Promise<void> {
  return new Promise(afterThisTurn);
}

/** Starts a repeating timer that does not keep the process alive; returns what stops it. */
export function every(intervalMs: number, run: () => void): () => void {
  const timer = setInterval(run, intervalMs);
  // Node's timers have `unref`; those of other runtimes are numbers.
  if (typeof timer === "object") timer.unref();
  return () => clearInterval(timer);
}

/** Milliseconds of a clock that never goes back. */
export function monotonicMs(): number {
  return performance.now();
}
