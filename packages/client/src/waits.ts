/** Longest delay of a timer, in milliseconds. A longer one would fire at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/**
 * Waits for an operation. The clock and the signal end the wait, even if the operation ignores
 * both.
 *
 * @param ms - Longest wait, in milliseconds.
 * @param late - Makes the error of a wait that was too long.
 * @throws The signal's reason when it is aborted.
 */
export function within<T>(ms: number, signal: AbortSignal | undefined, late: () => unknown, operation: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end =
      <V>(settle: (value: V) => void) =>
      (value: V): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        settle(value);
      };
    const fail = end(reject);
    const aborted = (): void => fail(signal?.reason);
    const timer = setTimeout(() => fail(late()), Math.min(ms, MAX_TIMER_MS));
    signal?.addEventListener("abort", aborted);
    if (signal?.aborted === true) aborted();
    else operation().then(end(resolve), fail);
  });
}

/** Waits. Returns early, without an error, when the signal is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await within(
    ms,
    signal,
    () => undefined,
    () => new Promise(() => undefined),
  ).catch(() => undefined);
}
