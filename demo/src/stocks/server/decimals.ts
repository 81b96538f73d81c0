/**
 * Most decimal places of a price, and most digits before and after the point. Further digits are
 * noise of binary fractions.
 */
export const MAX_PLACES = 8;
const MAX_DIGITS = 10;

/**
 * The number of decimal places of a price: as many as the price has, and enough to show the moves
 * of a small price.
 */
export function decimalsOf(price: number): number {
  const size = Math.abs(price);
  const before = size < 1 ? 0 : Math.floor(Math.log10(size)) + 1;
  const most = Math.max(0, Math.min(MAX_PLACES, MAX_DIGITS - before));
  const written = /\.(\d*?)0*$/.exec(size.toFixed(most))?.[1]?.length ?? 0;
  return Math.max(written, usualDecimals(size));
}

function usualDecimals(size: number): number {
  if (size >= 1 || size === 0) return 2;
  if (size >= 0.1) return 3;
  if (size >= 0.01) return 4;
  return size >= 0.0001 ? 6 : 8;
}
