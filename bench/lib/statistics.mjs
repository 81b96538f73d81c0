// The few statistics that the tables need.

/**
 * @param {readonly number[]} values at least one
 * @returns {number}
 */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/**
 * @param {readonly number[]} sorted rising, at least one
 * @param {number} quantile from 0 to 1
 * @returns {number}
 */
export function quantileOf(sorted, quantile) {
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? NaN;
}

/** @param {readonly number[]} values */
export function range(values) {
  return { least: Math.min(...values), most: Math.max(...values) };
}
