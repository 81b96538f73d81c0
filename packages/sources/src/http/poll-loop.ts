import { bounded } from "../bounds.ts";
import { HttpError, TemporaryError } from "../errors.ts";
import { SourceError, type SourceContext } from "../source.ts";

/** Timing of the rounds. */
export interface PollTiming {
  /**
   * Interval between rounds, in milliseconds, 1,000 to 7 days. Up to a tenth is added, so that many
   * sources spread.
   */
  readonly intervalMs?: number | undefined;
  /**
   * Most that an answer's `Cache-Control: max-age` may delay the next round, in milliseconds. Until
   * then, the answer would be the same. Default 3,600,000. 0 ignores `max-age`.
   */
  readonly maxFreshMs?: number | undefined;
  /**
   * Longest pause after failures, in milliseconds, unless the interval or the server's
   * `Retry-After` (up to a day) is longer. The first pause is the interval, but at most 10 s. Each
   * further failure doubles the pause. Default 300,000.
   */
  readonly maxBackoffMs?: number | undefined;
  /** Makes one round and ends. A failure rejects with a SourceError. Default false. */
  readonly once?: boolean | undefined;
  /** Time and chance, for tests. */
  readonly clock?: PollClock | undefined;
}

/** The loop's clock. */
export interface PollClock {
  /** Waits. Returns early, without an error, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** From 0 to 1. */
  random(): number;
}

/** {@link PollTiming} with its defaults. */
export interface CheckedTiming {
  readonly intervalMs: number;
  readonly maxFreshMs: number;
  readonly maxBackoffMs: number;
  readonly once: boolean;
  readonly clock: PollClock;
}

/** The result of a round. */
export interface Round {
  /** How long the answer stays the same by the server's word, in milliseconds. */
  readonly freshForMs?: number | undefined;
}

const DAY_MS = 86_400_000;

/** First pause after a failure, in milliseconds, unless the interval is shorter. */
const FIRST_BACKOFF_MS = 10_000;

/**
 * Returns the timing with its defaults.
 *
 * @param intervalMs - Default of the interval.
 * @throws TypeError for a value out of its range.
 */
export function checkTiming(timing: PollTiming, intervalMs: number): CheckedTiming {
  return {
    intervalMs: bounded("intervalMs", timing.intervalMs, { fallback: intervalMs, min: 1000, max: 7 * DAY_MS }),
    maxFreshMs: bounded("maxFreshMs", timing.maxFreshMs, { fallback: 3_600_000, min: 0, max: DAY_MS }),
    maxBackoffMs: bounded("maxBackoffMs", timing.maxBackoffMs, { fallback: 300_000, min: 1000, max: DAY_MS }),
    once: timing.once ?? false,
    clock: timing.clock ?? { sleep, random: Math.random },
  };
}

/**
 * Repeats a round until the signal is aborted. A TemporaryError is reported, and the round is
 * repeated after a growing pause. Any other error rejects.
 *
 * @param round - Fetches, publishes and remembers. A round is given up only if it heeds the signal
 *   itself, so a started publication is finished.
 */
export async function pollLoop(timing: CheckedTiming, context: SourceContext, round: () => Promise<Round>): Promise<void> {
  const { intervalMs, maxFreshMs, maxBackoffMs, once, clock } = timing;
  const { signal, report } = context;
  let failures = 0;
  let slowed = false;
  while (!signal.aborted) {
    const startedMs = performance.now();
    let delayMs: number;
    try {
      const { freshForMs = 0 } = await round();
      failures = 0;
      const fresh = Math.min(freshForMs, maxFreshMs);
      delayMs = Math.max(intervalMs - (performance.now() - startedMs), fresh, 0) + (intervalMs / 10) * clock.random();
      if (fresh > intervalMs && !slowed && !once) {
        slowed = true;
        report({ kind: "warning", message: slowedMessage(fresh, intervalMs) });
      }
    } catch (error) {
      // Work that was given up because of the signal is no failure.
      if (signal.aborted && (error === signal.reason || error instanceof TemporaryError)) return;
      if (!(error instanceof TemporaryError)) throw error;
      if (once) throw new SourceError(error.message, { cause: error });
      const ceiling = Math.min(FIRST_BACKOFF_MS, intervalMs) * 2 ** Math.min(failures, 30);
      failures += 1;
      const pause = Math.min(ceiling, Math.max(maxBackoffMs, intervalMs)) * (1 - clock.random() / 4);
      const asked = error instanceof HttpError ? (error.retryAfterMs ?? 0) : 0;
      delayMs = Math.max(pause, asked * (1 + clock.random() / 10));
      report({ kind: "failed", error, retryInMs: Math.round(delayMs) });
    }
    if (once || signal.aborted) return;
    report({ kind: "waiting", nextInMs: Math.round(delayMs) });
    await clock.sleep(delayMs, signal);
  }
}

function slowedMessage(freshMs: number, intervalMs: number): string {
  return (
    `The server says that its answers stay the same for ${Math.round(freshMs / 1000)} s, so it is not asked every ` +
    `${intervalMs / 1000} s but that often. A lower maxFreshMs asks sooner.`
  );
}

/** Waits. Returns early, without an error, when the signal is aborted. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    // A timer past 2³¹ − 1 ms fires at once.
    const timer = setTimeout(finish, Math.min(ms, 2 ** 31 - 1));
    signal.addEventListener("abort", finish);
  });
}
