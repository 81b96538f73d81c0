const immediate: typeof setImmediate | undefined = globalThis.setImmediate;

/** Runs a function once this turn of the event loop has handled its input. */
export const afterThisTurn: (run: () => void) => void = immediate ? (run) => immediate(run) : (run) => setTimeout(run, 0);

/** Lets the event loop handle input before going on. */
export function nextTurn(): Promise<void> {
  return new Promise(afterThisTurn);
}

/**
 * Starts a repeating timer that does not keep the process alive. Returns a function that stops the
 * timer.
 */
export function every(intervalMs: number, run: () => void): () => void {
  const timer = setInterval(run, intervalMs);
  letGo(timer);
  return () => clearInterval(timer);
}

/** Starts a timer that does not keep the process alive. Returns a function that stops the timer. */
export function after(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  letGo(timer);
  return () => clearTimeout(timer);
}

/** Waits for a result up to a time, in milliseconds. @returns `late` if the result takes longer. */
export function within<T>(ms: number, result: Promise<T>): Promise<T | "late"> {
  return new Promise((resolve, reject) => {
    const stop = after(Math.max(0, ms), () => resolve("late"));
    result.then(resolve, reject).finally(stop);
  });
}

/** Waits, and keeps the process alive meanwhile. */
export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** Node's timers have `unref`. Timers of other runtimes are numbers. */
function letGo(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === "object") timer.unref();
}

/** Milliseconds of a clock that never goes back. */
export function monotonicMs(): number {
  return performance.now();
}

/**
 * Passes a result on to the next step: now, or once its promise resolves. Unlike `await`, a result
 * that is there costs no turn of the microtask queue.
 *
 * @returns A promise only if the result or the next step is one.
 */
export function andThen<T, U>(result: T | Promise<T>, proceed: (result: T) => U | Promise<U>): U | Promise<U> {
  return result instanceof Promise ? result.then(proceed) : proceed(result);
}
