/** A decimal number with a dot, as programs write it. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;

/**
 * Commas between groups of three digits that can't be decimal signs, because there are two, or a
 * decimal point follows.
 */
const GROUPED = /^[+-]?\d{1,3}(?:(?:,\d{3})+\.\d*|(?:,\d{3}){2,})$/;

/**
 * A currency before or behind a number: a sign, with a country's letters in front (`US$`), or a
 * code of three letters.
 */
const CURRENCY = /^([+-]?)(?:[A-Z]{0,3}\p{Sc}|[A-Z]{3}\s)\s*(?=[\d.])|(?<=[\d.])\s*(?:\p{Sc}|\s[A-Z]{3})$/u;

/** The number, or the reason why it can't be read. */
export type ReadNumber = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly problem: string };

/**
 * Reads a number strictly. `1,234` means a thousand in one place and one in another, and a price
 * that is wrong by a thousand is worse than none. A typographic minus, a currency, and unambiguous
 * thousands separators are accepted.
 *
 * @param name - The name of the value, for the problem.
 */
export function readNumber(name: string, value: unknown): ReadNumber {
  if (typeof value === "number") {
    return Number.isFinite(value) ? { ok: true, value } : { ok: false, problem: `the ${name} is ${value}` };
  }
  if (value === undefined || value === null) return { ok: false, problem: `the ${name} is missing` };
  const shown = JSON.stringify(typeof value === "string" ? value.slice(0, 40) : value).slice(0, 60);
  if (typeof value !== "string") return { ok: false, problem: `the ${name} is ${shown}, not a number` };
  const plain = value.trim().replaceAll("\u2212", "-").replace(CURRENCY, "$1");
  const text = GROUPED.test(plain) ? plain.replaceAll(",", "") : plain;
  if (DECIMAL.test(text) && Number.isFinite(Number(text))) return { ok: true, value: Number(text) };
  if (/^[+-]?[\d\s.,'’]*,[\d\s.,'’]*$/.test(text)) {
    return { ok: false, problem: `the ${name} ${shown} has a comma, which is a decimal sign in some countries and not in others` };
  }
  return { ok: false, problem: `the ${name} ${shown} is not a number` };
}

/** A difference without the noise of binary fractions. 0.3 - 0.1 is 0.2. */
export function difference(a: number, b: number): number {
  return tidyNumber(a - b, 8);
}

/** Rounds to the given number of decimal places. */
export function tidyNumber(value: number, places: number): number {
  // Large numbers have no such decimal places, and the product would not be exact.
  if (Math.abs(value) >= 2 ** 53 / 10 ** places) return value;
  // `|| 0` turns the negative zero into zero.
  return Math.round(value * 10 ** places) / 10 ** places || 0;
}
