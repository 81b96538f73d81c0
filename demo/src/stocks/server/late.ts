import { CANDLE_STEPS, CANDLES_KEPT } from "./wire.ts";

/** The longest that is kept of a symbol, in milliseconds. */
const SPAN_MS = CANDLE_STEPS.minute * CANDLES_KEPT * 1000;

/**
 * Tells whether a price came after a newer one, which then stays. A price that goes back further than a late one could is from
 * a file that is played again. The quotes source goes by the same rule; the page can't import it from there.
 *
 * @param before - Time of the newest price so far, in milliseconds, as `at`.
 */
export function isLate(at: number, before: number): boolean {
  return at < before && before - at <= SPAN_MS;
}
