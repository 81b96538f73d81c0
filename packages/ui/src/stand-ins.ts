// Functions that are newer than the oldest browsers: see oldest-browsers.ts.

const LONE_SURROGATES = /\p{Surrogate}/gu;

/** As `toWellFormed()`. */
export function toWellFormed(text: string): string {
  return text.replaceAll(LONE_SURROGATES, "\uFFFD");
}

/** As `AbortSignal.any()`: aborts as the first of the signals does. */
export function anySignal(...signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    const abort = (): void => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true, signal: controller.signal });
  }
  return controller.signal;
}
