import { zoneOffset } from "./zones.ts";

/**
 * Months by the first letters of their names, in English and other languages of feeds. Four letters
 * are used if three are ambiguous.
 */
const MONTHS: ReadonlyMap<string, number> = new Map(
  [
    "jan ene gen",
    "feb fev fév",
    "mar mär mrz mrt maa",
    "apr abr avr",
    "may mai mei mag maj",
    "jun juin giu",
    "jul juil lug",
    "aug ago aou aoû",
    "sep set",
    "oct okt ott out",
    "nov",
    "dec dez dic déc",
  ].flatMap((names, index) => names.split(" ").map((name): [string, number] => [name, index + 1])),
);

/** A time of day, with its separator from a date in front. */
const CLOCK = /(?:^|[\s,–-]|(?<=\d)t)\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([ap])\.?m\b\.?)?(?!\d)/i;

/** The zone behind a time. */
const ZONE =
  /^\s*((?:gmt|utc?)?\s?[+-]\d{1,2}(?::?\d{2})?|[a-z]+(?:\/[a-z_]+){1,2}|(?!jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{1,5})(?![\w:])/i;

/**
 * ISO 8601 without separators, as in data files. Without seconds no fraction is allowed, because a
 * fraction would look like seconds.
 */
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?:[t\s]?(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d{1,9})|(\d{3}))?)?)?\s*(z|utc|gmt|[+-]\d{2}:?\d{2})?$/i;

const DAY_NAME = "(?:\\p{L}{2,14}(?:[.,]+\\s*|\\s+))?";

/** The shapes of a date without its time. Each names its parts. */
const SHAPES: readonly RegExp[] = [
  /^(?<year>\d{4})[-/.](?<month>\d{1,2})(?:[-/.](?<day>\d{1,2}))?$/,
  new RegExp(
    `^${DAY_NAME}(?<day>\\d{1,2})(?:st|nd|rd|th|[.º])?[\\s-]+(?:(?:de|of)\\s+)?(?<name>\\p{L}{3,12})[.,]?[\\s,-]+(?:de[l]?\\s+)?(?<year>\\d{4}|\\d{2})$`,
    "iu",
  ),
  new RegExp(`^${DAY_NAME}(?<name>\\p{L}{3,12})\\.?\\s+(?<day>\\d{1,2})(?:st|nd|rd|th)?,?\\s+(?<year>\\d{4})$`, "iu"),
  new RegExp(`^${DAY_NAME}(?<day>\\d{1,2})\\.(?<month>\\d{1,2})\\.(?<year>\\d{4}|\\d{2})$`, "iu"),
];

const SLASHES = /^(?:[a-z]{2,9},?\s+)?(\d{1,2})\/(\d{1,2})\/(\d{4})$/i;

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

type Part = string | undefined;

interface Clock {
  readonly hour?: Part;
  readonly minute?: Part;
  readonly second?: Part;
  readonly fraction?: Part;
  /** `a` or `p`. */
  readonly half?: Part;
}

/**
 * Reads a feed's date: RFC 3339, RFC 822, and their variants by programs and people. Without a zone
 * the date is UTC on every machine, unlike in `Date.parse`. An ambiguous date such as 2/3/2026 is
 * rejected.
 *
 * @returns Milliseconds since 1970, or undefined unless the date is from 1970 to 2200.
 */
export function parseDate(text: string | undefined): number | undefined {
  const trimmed = text?.trim().slice(0, 100) ?? "";
  if (/^\d{10}$|^\d{13}$/.test(trimmed)) return timeSince1970(trimmed);
  const compact = COMPACT.exec(trimmed);
  if (compact !== null) {
    const [, year, month, day, hour, minute, second, fraction, thousandths, zone] = compact;
    const clock = { hour, minute, second, fraction: fraction ?? thousandths };
    return timeOf({ year: Number(year), month: Number(month), day: Number(day) }, clock, zone);
  }
  // The name of the zone, behind its offset.
  const plain = trimmed.replace(/\s*(?:\([^()]{0,60}\)|\[[^[\]]{0,60}\])$/, "").replace(/([+-]\d{2}:?\d{2})\s+[a-z]{1,5}$/i, "$1");
  const found = CLOCK.exec(plain);
  if (found === null) return dateAndZone(plain);
  const [, hour, minute, second, fraction, half] = found;
  const behind = plain.slice(found.index + found[0].length);
  const zone = ZONE.exec(behind);
  const date = `${plain.slice(0, found.index)} ${behind.slice(zone?.[0].length ?? 0)}`;
  const day = readDay(date, half !== undefined);
  return day === undefined ? undefined : timeOf(day, { hour, minute, second, fraction, half }, zone?.[1]);
}

/** Seconds or milliseconds, which some programs write in place of a date. */
function timeSince1970(digits: string): number {
  return Number(digits) * (digits.length === 10 ? 1000 : 1);
}

/** A date without a time. A zone may follow nevertheless. */
function dateAndZone(text: string): number | undefined {
  const day = readDay(text, false);
  if (day !== undefined) return timeOf(day, {}, undefined);
  const [, date, zone] = /^(.*\d)\s*(z|utc|gmt|[+-]\d{2}:?\d{2})$/i.exec(text) ?? [];
  const zoned = date === undefined ? undefined : readDay(date, false);
  return zoned === undefined ? undefined : timeOf(zoned, {}, zone);
}

/** @param isAmerican - Whether the hours count to twelve. Then the month comes first. */
function readDay(text: string, isAmerican: boolean): Day | undefined {
  const date = text.replace(/\s+/g, " ").replace(/^[\s,–-]+|(?:[\s,–-]|\sat)+$/gi, "");
  const slashes = SLASHES.exec(date);
  if (slashes !== null) {
    const [first, second, year] = [Number(slashes[1]), Number(slashes[2]), Number(slashes[3])];
    if (second > 12 || (isAmerican && first <= 12)) return { year, month: first, day: second };
    return first > 12 || first === second ? { year, month: second, day: first } : undefined;
  }
  for (const shape of SHAPES) {
    const parts = shape.exec(date)?.groups;
    if (parts === undefined) continue;
    const { name, year = "" } = parts;
    const month = name === undefined ? Number(parts["month"]) : monthOf(name);
    const short = Number(year) < 70 ? 2000 : 1900;
    if (month !== undefined) return { year: Number(year) + (year.length === 2 ? short : 0), month, day: Number(parts["day"] ?? 1) };
  }
  return undefined;
}

function monthOf(name: string): number | undefined {
  const lower = name.toLowerCase();
  return MONTHS.get(lower.slice(0, 4)) ?? MONTHS.get(lower.slice(0, 3));
}

function timeOf({ year, month, day }: Day, clock: Clock, zone: Part): number | undefined {
  const hour = hourOf(Number(clock.hour ?? 0), clock.half?.toLowerCase());
  const [minute, second] = [Number(clock.minute ?? 0), Math.min(Number(clock.second ?? 0), 59)];
  if (month < 1 || month > 12 || day < 1 || hour > 24 || minute > 59 || year < 1970 || year > 2200) return undefined;
  const midnight = new Date(Date.UTC(year, month - 1, day));
  // 31 February is no date. `Date` would turn it into a date in March.
  if (midnight.getUTCMonth() !== month - 1) return undefined;
  const localMs = midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + Math.floor(Number(`0.${clock.fraction ?? 0}`) * 1000);
  const offset = zone === undefined ? 0 : zoneOffset(zone, localMs);
  return offset === undefined ? undefined : localMs - offset * 60_000;
}

/** Hours past twelve are taken literally, regardless of a following a.m. or p.m. */
function hourOf(hour: number, half: Part): number {
  if (half === undefined || hour > 12) return hour;
  return (hour % 12) + (half === "p" ? 12 : 0);
}
