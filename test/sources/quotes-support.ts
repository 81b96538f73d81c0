import { setImmediate } from "node:timers/promises";
import type { Quote, QuotesClock } from "../../packages/sources/src/quotes/index.ts";
import type { RecordingContext } from "./context.ts";

/** A clock that moves only when someone waits. */
export interface VirtualClock extends QuotesClock {
  /** Moves it, as work that takes time does. */
  pass(ms: number): void;
}

/** @param atEnd - Called once, when the time is over. */
export function virtualClock(startMs: number, lengthMs: number = Number.POSITIVE_INFINITY, atEnd?: () => void): VirtualClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    pass(ms) {
      nowMs += ms;
    },
    async sleep(ms) {
      await setImmediate();
      nowMs += ms;
      if (nowMs >= startMs + lengthMs) atEnd?.();
    },
  };
}

export function quotesOf(context: RecordingContext): Quote[] {
  return context.updates.map(({ data }) => JSON.parse(data ?? "") as Quote);
}
