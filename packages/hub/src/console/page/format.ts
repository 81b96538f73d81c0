const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const TENTH = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const CLOCK = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

/** A number and its unit, which have different sizes on the page. */
export interface Amount {
  readonly number: string;
  readonly unit: string;
}

export function count(value: number): string {
  return Math.abs(value) >= 1_000_000 ? SHORT.format(value) : WHOLE.format(value);
}

/** A number a second. Small numbers have a tenth, because they are an average over a while. */
export function rate(value: number): string {
  return Math.abs(value) < 10 && !Number.isInteger(value) ? TENTH.format(value) : count(value);
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(value: number): Amount {
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const number = unit > 0 && size < 100 ? TENTH.format(size) : WHOLE.format(size);
  return { number: value < 0 && number !== "0" ? `−${number}` : number, unit: UNITS[unit] ?? "" };
}

export function clock(at: number): string {
  return CLOCK.format(at);
}

export function dayAndClock(at: number): string {
  return DAY.format(at);
}

/** A length of time, in one unit. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** A time to live or an interval, as people probably wrote it. */
export function milliseconds(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  return ms % 1000 === 0 && ms < 120_000 ? `${ms / 1000} s` : ms < 120_000 ? `${TENTH.format(ms / 1000)} s` : duration(ms);
}

export function plural(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
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
