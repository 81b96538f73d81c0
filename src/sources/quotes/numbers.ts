/** A decimal number with a dot, as programs write it. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;

/** What was read, or why it can't be. */
export type ReadNumber = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly problem: string };

/**
 * Reads a number strictly: `1,234.5` and `1.234,5` mean different things in different places, and a price that is wrong by
 * a thousand is worse than none.
 *
 * @param name - What it is, for the problem.
 */
export function readNumber(name: string, value: unknown): ReadNumber {
  if (typeof value === "number") {
    return Number.isFinite(value) ? { ok: true, value } : { ok: false, problem: `the ${name} is ${value}` };
  }
  if (value === undefined || value === null) return { ok: false, problem: `the ${name} is missing` };
  const shown = JSON.stringify(typeof value === "string" ? value.slice(0, 40) : value).slice(0, 60);
  if (typeof value !== "string") return { ok: false, problem: `the ${name} is ${shown}, not a number` };
  const text = value.trim();
  if (DECIMAL.test(text) && Number.isFinite(Number(text))) return { ok: true, value: Number(text) };
  if (/^[+-]?[\d\s.,'’]*,[\d\s.,'’]*$/.test(text)) {
    return { ok: false, problem: `the ${name} ${shown} has a comma, which is a decimal sign in some countries and not in others` };
  }
  return { ok: false, problem: `the ${name} ${shown} is not a number` };
}

/** A difference without the noise of binary fractions: 0.3 - 0.1 is 0.2. */
export function difference(a: number, b: number): number {
  return tidyNumber(a - b, 8);
}

/** Rounds to so many decimal places. */
export function tidyNumber(value: number, places: number): number {
  // Large numbers have no such places, and the product would not be exact.
  if (Math.abs(value) >= 2 ** 53 / 10 ** places) return value;
  // `|| 0` turns the negative zero into zero.
  return Math.round(value * 10 ** places) / 10 ** places || 0;
}
