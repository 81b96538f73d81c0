import { textOf } from "../json.ts";
import { compilePath, type Path } from "../path.ts";
import { readNumber } from "./numbers.ts";
import type { Reading } from "./quote.ts";
import { readTime } from "./times.ts";

/**
 * Where in a record each value is: in JSON a JSON Pointer or a path with dots, in CSV the name of a column, or its number
 * (from 1) where there is no header. The default names are found however they are written: `Previous Close` is one. Only
 * symbol and price cost a record: another value that is missing or can't be read is not told.
 */
export interface QuoteFields {
  /** Default `symbol`; of a JSON object with one property a symbol, the property's name. */
  readonly symbol?: string | undefined;
  /** Default `price`. In JSON, empty where the record is nothing but the price, as in `{"EUR": 1.08, "JPY": 161.2}`. */
  readonly price?: string | undefined;
  /**
   * RFC 3339, `2026-03-02 09:30:00` (UTC where it has no zone), `20260302093000`, or seconds, milliseconds, microseconds or
   * nanoseconds since 1970. Default `time`.
   */
  readonly time?: string | undefined;
  /** Where the day stands on its own, and `time` holds the hour. Default: none. */
  readonly date?: string | undefined;
  /** Default `volume`. */
  readonly volume?: string | undefined;
  /** Default `change`. */
  readonly change?: string | undefined;
  /** In percent; a `%` behind it is taken. Default `changePercent`. */
  readonly changePercent?: string | undefined;
  /** Default `previousClose`. */
  readonly previousClose?: string | undefined;
}

/** What a record tells, or why it is left out. */
export type ReadRecord =
  | { readonly ok: true; readonly reading: Reading; readonly untold?: Untold | undefined }
  | { readonly ok: false; readonly problem: string };

/** A value that the record goes without. */
export interface Untold {
  readonly name: string;
  readonly problem: string;
}

/** @param key - The name of the property that holds the record, if there is one. */
export type RecordReader = (record: unknown, key?: string) => ReadRecord;

/** Longest symbol, in characters. */
const MAX_SYMBOL = 64;

/** What programs write where there is nothing. */
const NOTHING = /^(?:|[-\u2013\u2014\u2212]+|n\/?[ad]|n\.[ad]\.|nan|null|none|nil|undefined|#n\/a)$/i;

/** Compiles a field's place: in CSV a name may have dots in it. */
export type CompileField = (name: string) => Path;

/** The place of a CSV column. */
export const columnPath: CompileField = (name) => (record) =>
  typeof record === "object" && record !== null && Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined;

/**
 * Compiles what reads a record.
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

/** The property of this name; else the first that differs in case and separators alone. */
function byName(name: string): Path {
  const wanted = sameName(name);
  const isSame = (key: string): boolean => key.length >= name.length && key.length <= name.length + 4 && sameName(key) === wanted;
  return (record) => {
    if (typeof record !== "object" || record === null) return undefined;
    const found = Object.hasOwn(record, name) ? name : Object.keys(record).find(isSame);
    return found === undefined ? undefined : Reflect.get(record, found);
  };
}

/** A name as it is compared: `Previous Close`, `previous_close` and `previousClose` are one. */
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
