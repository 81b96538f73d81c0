import { textOf } from "../json.ts";
import { compilePath, type Path } from "../path.ts";
import { readNumber } from "./numbers.ts";
import type { Reading } from "./quote.ts";
import { readTime } from "./times.ts";

/**
 * The place of each value in a record. In JSON, a place is a JSON Pointer or a path with dots. In
 * CSV, it is the name of a column, or its number (from 1) without a header. Default names are found
 * in any spelling, such as `Previous Close`. Only symbol and price cost a record. Another value
 * that is missing or unreadable is left out.
 */
export interface QuoteFields {
  /** Default `symbol`. In a JSON object with one property per symbol, the property's name. */
  readonly symbol?: string | undefined;
  /**
   * Default `price`. In JSON, empty if the record is nothing but the price, as in `{"EUR": 1.08,
   * "JPY": 161.2}`.
   */
  readonly price?: string | undefined;
  /**
   * RFC 3339, `2026-03-02 09:30:00` (UTC without a zone), `20260302093000`, or seconds,
   * milliseconds, microseconds or nanoseconds since 1970. Default `time`.
   */
  readonly time?: string | undefined;
  /** The day, if it is separate from the hour in `time`. Default: none. */
  readonly date?: string | undefined;
  /** Default `volume`. */
  readonly volume?: string | undefined;
  /** Default `change`. */
  readonly change?: string | undefined;
  /** In percent, with or without a `%`. Default `changePercent`. */
  readonly changePercent?: string | undefined;
  /** Default `previousClose`. */
  readonly previousClose?: string | undefined;
}

/** The reading of a record, or the reason to leave the record out. */
export type ReadRecord =
  | { readonly ok: true; readonly reading: Reading; readonly untold?: Untold | undefined }
  | { readonly ok: false; readonly problem: string };

/** A value that is left out of a record. */
export interface Untold {
  readonly name: string;
  readonly problem: string;
}

/** @param key - The name of the property that holds the record, if there is one. */
export type RecordReader = (record: unknown, key?: string) => ReadRecord;

/** Longest symbol, in characters. */
const MAX_SYMBOL = 64;

/** Spellings of a missing value. */
const NOTHING = /^(?:|[-\u2013\u2014\u2212]+|n\/?[ad]|n\.[ad]\.|nan|null|none|nil|undefined|#n\/a)$/i;

/** Compiles a field's place. In CSV a name may have dots in it. */
export type CompileField = (name: string) => Path;

/** The place of a CSV column. */
export const columnPath: CompileField = (name) => (record) =>
  typeof record === "object" && record !== null && Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined;

/**
 * Compiles the reader of a record.
 *
 * @throws TypeError for a field that is no path.
 */
export function compileFields(fields: QuoteFields, compile: CompileField = compilePath, negativePrices = false): RecordReader {
  const at = (name: Exclude<keyof QuoteFields, "date">): Path => {
    const place = fields[name];
    // The columns of CSV are renamed once, by the header.
    return place === undefined && compile !== columnPath ? byName(name) : compile(place ?? name);
  };
  const [symbolAt, priceAt, timeAt] = [at("symbol"), at("price"), at("time")];
  const dateAt = fields.date === undefined ? undefined : compile(fields.date);
  const optional = (["volume", "change", "changePercent", "previousClose"] as const).map((name) => ({ name, path: at(name) }));
  return (record, key) => {
    const symbol = symbolOf(symbolAt(record), fields.symbol === undefined ? key : undefined);
    if (symbol === undefined) return { ok: false, problem: `there is no symbol of 1 to ${MAX_SYMBOL} visible characters` };
    const fail = (problem: string): ReadRecord => ({ ok: false, problem: `of ${symbol}, ${problem}` });
    const price = readNumber("price", numeric(priceAt(record)));
    if (!price.ok) return fail(price.problem);
    if (price.value < 0 && !negativePrices) return fail(`the price ${price.value} is negative; negativePrices lets it pass`);
    let untold: Untold | undefined;
    const reading: { -readonly [Name in keyof Reading]: Reading[Name] } = { symbol, price: price.value };
    for (const { name, path } of optional) {
      const value = numeric(path(record));
      if (isNothing(value)) continue;
      const number = readNumber(name, name === "changePercent" && typeof value === "string" ? value.replace(/\s*%\s*$/, "") : value);
      if (!number.ok) untold = { name, problem: `of ${symbol}, ${number.problem}` };
      else if (name === "volume" && number.value < 0) untold = { name, problem: `of ${symbol}, the volume ${number.value} is negative` };
      else reading[name] = number.value;
    }
    const time = timeText(timeAt(record), dateAt?.(record));
    if (time !== undefined) {
      reading.timeMs = readTime(time);
      if (reading.timeMs === undefined)
        untold = { name: "time", problem: `of ${symbol}, the time ${JSON.stringify(time.slice(0, 40))} can't be read` };
    }
    return { ok: true, reading, untold };
  };
}

/** `parseJson` keeps a number of more digits than a double has as a marked text. */
function numeric(value: unknown): unknown {
  return typeof value === "string" ? textOf(value) : value;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && NOTHING.test(value.trim()));
}

/** The property of this name, or else the first that differs in case and separators alone. */
function byName(name: string): Path {
  const wanted = sameName(name);
  const isSame = (key: string): boolean => key.length >= name.length && key.length <= name.length + 4 && sameName(key) === wanted;
  return (record) => {
    if (typeof record !== "object" || record === null) return undefined;
    const found = Object.hasOwn(record, name) ? name : Object.keys(record).find(isSame);
    return found === undefined ? undefined : Reflect.get(record, found);
  };
}

/**
 * The compared form of a name. `Previous Close`, `previous_close` and `previousClose` are equal.
 */
export function sameName(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, "");
}

function symbolOf(value: unknown, key: string | undefined): string | undefined {
  const symbol = (textOf(value) ?? key)?.trim() ?? "";
  return symbol === "" || symbol.length > MAX_SYMBOL || /[\p{Cc}\p{Cf}\p{Cs}]/u.test(symbol) ? undefined : symbol;
}

function timeText(time: unknown, date: unknown): string | undefined {
  const read = (value: unknown): string => (isNothing(value) ? "" : (textOf(value)?.trim() ?? ""));
  const [hour, day] = [read(time), read(date)];
  const text = day === "" ? hour : `${day} ${hour}`.trim();
  return text === "" ? undefined : text;
}
