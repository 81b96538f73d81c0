import { CANDLE_STEPS, CANDLES_KEPT } from "./wire.ts";

/** Time that the candles of a minute reach back, in milliseconds. */
const SPAN_MS = CANDLE_STEPS.minute * CANDLES_KEPT.minute * 1000;

/**
 * Whether a price came after a newer price, which then stays. A price from further back than a late
 * one may be from a file that is played again. The quotes source uses the same rule, which the page
 * can't import from there.
 *
 * @param before - Time of the newest price so far, in milliseconds, like `at`.
 */
export function isLate(at: number, before: number): boolean {
  return at < before && before - at <= SPAN_MS;
}
