import { createHash, randomUUID } from "node:crypto";
import { TemporaryError } from "./errors.ts";

/**
 * Marks a number that a double can't hold, which is kept as text. Otherwise 64-bit ids would come
 * out as other ids. The mark is random, so no document can contain it.
 */
const MARK = `number-${randomUUID()}:`;
const MARKED = new RegExp(`"${MARK}([^"]+)"`, "g");

/** A string or a number of JSON text. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Whether there may be a number that a double can't hold: 16 digits, or an exponent. */
const SUSPECT = /\d[\d.]{15}|\d[eE][+-]?\d/;

/** Numbers of JavaScript and Python that JSON does not know. */
const NO_NUMBER = /(?<![\w.])-?(?:NaN|Infinity)(?!\w)/;
const NO_NUMBER_OR_STRING = new RegExp(`"(?:[^"\\\\]|\\\\.)*"|${NO_NUMBER.source}`, "g");

/** Deepest nesting. Comparing and writing are recursive. */
const MAX_DEPTH = 200;

/**
 * Replaces NaN and infinity by `null`. Many programs write them and no browser reads them.
 *
 * @param text - Supposed JSON.
 */
export function withoutNaN(text: string): string {
  if (!NO_NUMBER.test(text)) return text;
  return text.replaceAll(NO_NUMBER_OR_STRING, (token) => (token.startsWith('"') ? token : "null"));
}

/**
 * Parses JSON without changing its numbers. NaN and infinity become null.
 *
 * @throws SyntaxError if the text is not JSON.
 */
export function parseJson(written: string): unknown {
  const text = withoutNaN(written);
  const value: unknown = JSON.parse(text);
  if (!SUSPECT.test(text)) return value;
  return JSON.parse(text.replaceAll(TOKEN, (token) => (token.startsWith('"') || isExact(token) ? token : `"${MARK}${token}"`)));
}

/** Writes a value of `parseJson` on one line. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(MARKED, "$1");
}

/** A text, number or boolean of `parseJson`, as text. Undefined for any other value. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value.startsWith(MARK) ? value.slice(MARK.length) : value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/**
 * Names a value, with equal names for equal values. The order of keys, white space, escapes and the
 * spelling of numbers do not count.
 *
 * @throws TemporaryError when the value is nested too deeply.
 */
export function hashOf(value: unknown): string {
  return hashOfText(canonical(value, 0));
}

/** Names a text. */
export function hashOfText(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

function canonical(value: unknown, depth: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depth === MAX_DEPTH) throw new TemporaryError(`The JSON is nested more than ${MAX_DEPTH} deep.`);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(",")}]`;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, depth + 1)}`).join(",")}}`;
}

function isExact(number: string): boolean {
  // Longer numbers are kept unchanged, because removing their zeros could take a while.
  if (number.length > 40) return false;
  const [mantissa = "", exponent = "0"] = number.toLowerCase().split("e");
  const digits = mantissa.replace(/^-?0*(?:\.0*)?/, "").replace(/(\.\d*?)0+$/, "$1");
  // A double keeps any 15 digits.
  if (digits.replace(".", "").length <= 15 && Math.abs(Number(exponent)) < 290) return true;
  return String(Number(number)) === number;
}
