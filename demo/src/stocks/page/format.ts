import { formatterOf } from "artesian-ui/language.ts";
import { decimalsOf, MAX_PLACES } from "../server/decimals.ts";

/** The placeholder of an unknown value. */
export const UNKNOWN = "–";

/** From here on, a price is a power of ten. */
const HUGE = 1e12;

const SCIENCE: Intl.NumberFormatOptions = { notation: "scientific", maximumSignificantDigits: 6 };
const PLACES = Array.from({ length: MAX_PLACES + 1 }, (_, places) => ({
  plain: numbers({ minimumFractionDigits: places, maximumFractionDigits: places }),
  signed: numbers({ minimumFractionDigits: places, maximumFractionDigits: places, signDisplay: "exceptZero" }),
}));
const SCIENTIFIC = { plain: numbers(SCIENCE), signed: numbers({ ...SCIENCE, signDisplay: "exceptZero" }) };
const PERCENT = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const COMPACT = numbers({ notation: "compact", maximumSignificantDigits: 4 });
const BYTES = numbers({ maximumFractionDigits: 0 });
const KILOBYTES = numbers({ maximumFractionDigits: 1 });
const HOUR = times({ hour: "2-digit", minute: "2-digit" });
const TIME = times({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = times({ month: "short", day: "numeric" });
const MONTH = times({ month: "short" });
const YEAR = times({ year: "numeric" });
const DAY_HOUR = times({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const DAY_TIME = times({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

function numbers(options: Intl.NumberFormatOptions): () => Intl.NumberFormat {
  return formatterOf((tag) => new Intl.NumberFormat(tag, options));
}

/** The hours are the reader's own. */
function times(options: Intl.DateTimeFormatOptions): () => Intl.DateTimeFormat {
  return formatterOf((tag) => new Intl.DateTimeFormat(tag, options.hour === undefined ? options : { ...options, hourCycle: "h23" }));
}

/** @param decimals - Places after the point. In a row of prices, the most that one of them has. */
export function formatPrice(price: number, decimals: number = decimalsOf(price)): string {
  return withMinus((Math.abs(price) < HUGE ? formatsOf(decimals) : SCIENTIFIC).plain().format(price));
}

/** @param decimals - Decimal places of the price. */
export function formatChange(change: number, decimals: number): string {
  return withMinus((Math.abs(change) < HUGE ? formatsOf(decimals) : SCIENTIFIC).signed().format(change));
}

/** @param percent - 1 is one percent. */
export function formatPercent(percent: number): string {
  return `${withMinus((Math.abs(percent) < HUGE ? PERCENT : SCIENTIFIC.signed)().format(percent))}%`;
}

export function formatVolume(volume: number | undefined): string {
  return volume === undefined ? UNKNOWN : COMPACT().format(volume);
}

/** Bytes, as kilobytes of 1,000 from there on. */
export function formatBytes(bytes: number): string {
  return bytes < 1000 ? `${BYTES().format(bytes)} B` : `${KILOBYTES().format(bytes / 1000)} kB`;
}

/** To the second, in the reader's time zone, with the day if it is another. */
export function formatTime(at: number, now: number): string {
  return (isSameDay(at, now) ? TIME : DAY_TIME)().format(at);
}

/** To the minute. */
export function formatHour(at: number, now: number): string {
  return (isSameDay(at, now) ? HOUR : DAY_HOUR)().format(at);
}

/** The day alone. */
export function formatDay(at: number): string {
  return DAY().format(at);
}

/** The month alone, or the year in January. */
export function formatMonth(at: number): string {
  return (new Date(at).getMonth() === 0 ? YEAR : MONTH)().format(at);
}

/** The sign of a change, as a shape, because colour alone would not reach everyone. */
export function arrowOf(change: number): string {
  return change > 0 ? "▲" : change < 0 ? "▼" : "=";
}

export function trendOf(change: number): "up" | "down" | "flat" {
  return change > 0 ? "up" : change < 0 ? "down" : "flat";
}

function formatsOf(places: number): (typeof PLACES)[number] {
  const found = PLACES[places];
  if (found === undefined) throw new RangeError(`There is no format of ${places} places.`);
  return found;
}

function isSameDay(at: number, now: number): boolean {
  return new Date(at).toDateString() === new Date(now).toDateString();
}

/** A real minus is as wide as a plus, so that columns hold. */
function withMinus(text: string): string {
  return text.replace("-", "−");
}
