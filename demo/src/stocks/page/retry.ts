const BACKOFF_MS = { min: 700, max: 8000 };

/** Repeats work until it succeeds, with growing pauses. Rejects only when the signal is aborted. */
export async function untilDone<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let delayMs = BACKOFF_MS.min; ; delayMs = Math.min(BACKOFF_MS.max, delayMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw error;
      // No answer, or a bad one. The connection's state shows that, and the next attempt starts by
      // itself.
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      signal.throwIfAborted();
    }
  }
}
