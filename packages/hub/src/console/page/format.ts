import { formatterOf } from "artesian-ui/language.ts";
import { consoleTexts } from "./texts.ts";

const WHOLE = formatterOf((tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: 0 }));
const TENTH = formatterOf((tag) => new Intl.NumberFormat(tag, { minimumFractionDigits: 1, maximumFractionDigits: 1 }));
const SHORT = formatterOf((tag) => new Intl.NumberFormat(tag, { notation: "compact", maximumFractionDigits: 1 }));
const CLOCK = formatterOf(
  (tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
);
const DAY = formatterOf((tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" }));

/** A number and its unit, which have different sizes on the page. */
export interface Amount {
  readonly number: string;
  readonly unit: string;
}

export function count(value: number): string {
  return (Math.abs(value) >= 1_000_000 ? SHORT : WHOLE)().format(value);
}

/** A number a second. Small numbers have a tenth, because they are an average over a while. */
export function rate(value: number): string {
  return Math.abs(value) < 10 && !Number.isInteger(value) ? TENTH().format(value) : count(value);
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(value: number): Amount {
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const number = (unit > 0 && size < 100 ? TENTH : WHOLE)().format(size);
  return { number: value < 0 && number !== "0" ? `−${number}` : number, unit: UNITS[unit] ?? "" };
}

export function clock(at: number): string {
  return CLOCK().format(at);
}

export function dayAndClock(at: number): string {
  return DAY().format(at);
}

/** A length of time, in one unit. */
export function duration(ms: number): string {
  const texts = consoleTexts().duration;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return texts.seconds(seconds);
  if (seconds < 3600) return texts.minutes(Math.floor(seconds / 60));
  if (seconds < 172_800) return texts.hours(Math.floor(seconds / 3600));
  return texts.days(Math.floor(seconds / 86_400));
}

/** A time to live or an interval, as people probably wrote it. */
export function milliseconds(ms: number): string {
  const texts = consoleTexts().duration;
  if (ms < 1000) return texts.milliseconds(ms);
  if (ms >= 120_000) return duration(ms);
  return texts.seconds(ms % 1000 === 0 ? ms / 1000 : Number((ms / 1000).toFixed(1)));
}

/**
 * The end of an axis: the smallest 1, 2 or 5 times a power of ten that is not less than the value.
 */
export function axisEnd(value: number, atLeast: number): number {
  const top = Math.max(value, atLeast);
  const power = 10 ** Math.floor(Math.log10(top));
  // The tolerance keeps 0.1 + 0.2 from asking for 0.5.
  const step = [1, 2, 5].find((one) => one * power >= top * 0.999_999);
  return (step ?? 10) * power;
}

/** A topic's name with percent-encoded letters as letters. What would be invisible stays encoded. */
export function readable(name: string): string {
  return name.replaceAll(/(?:%[\da-f]{2})+/gi, (encoded) => {
    try {
      const text = decodeURI(encoded);
      return /[\p{C}\p{Z}]/u.test(text) ? encoded : text;
    } catch {
      return encoded;
    }
  });
}
