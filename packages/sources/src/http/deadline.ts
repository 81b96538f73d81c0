/** A point in time after which work is given up. */
export interface Deadline {
  /** Aborted when the time is up, or with the caller's signal. */
  readonly signal: AbortSignal;
  /** Whether the time was the cause. */
  readonly passed: boolean;
  stop(): void;
}

/** Starts the clock. Not `AbortSignal.any`, which leaks on a long-lived signal in older Node. */
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
