/** A point in time after which work is given up. */
export interface Deadline {
  /** Aborted when the time has passed, or when the caller's signal is. */
  readonly signal: AbortSignal;
  /** Whether it was the time. */
  readonly passed: boolean;
  stop(): void;
}

/** Starts the clock. Made by hand because `AbortSignal.any` on a signal that lives long leaks in older Node. */
export function startDeadline(ms: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController();
  let passed = false;
  const abort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  const timer = setTimeout(() => {
    passed = true;
    controller.abort();
  }, ms);
  return {
    signal: controller.signal,
    get passed() {
      return passed;
    },
    stop() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    },
  };
}
