// Replacements of functions that are newer than the oldest browsers. See oldest-browsers.ts.

const LONE_SURROGATES = /\p{Surrogate}/gu;

/** Like `toWellFormed()`. */
export function toWellFormed(text: string): string {
  return text.replaceAll(LONE_SURROGATES, "\uFFFD");
}

/** Like `AbortSignal.any()`: aborts with the first of the signals. */
export function anySignal(...signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    const abort = (): void => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true, signal: controller.signal });
  }
  return controller.signal;
}
