/** Offsets of zone names in minutes. Some are ambiguous; these are what feeds mean by them. */
const ZONES: Readonly<Record<string, number>> = {
  ut: 0,
  utc: 0,
  gmt: 0,
  z: 0,
  wet: 0,
  bst: 60,
  west: 60,
  cet: 60,
  met: 60,
  cest: 120,
  mest: 120,
  eet: 120,
  eest: 180,
  msk: 180,
  jst: 540,
  kst: 540,
  aest: 600,
  aedt: 660,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
};

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** RFC 3339, and what is left of it when people leave out parts. */
const ISO =
  /^(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[t\s]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?)?\s*(z|utc|gmt|[+-]\d{2}:?\d{2}|[+-]\d{2})?$/i;

/** ISO 8601 without separators, as data files have it. Without seconds there is no fraction, which would look like them. */
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?:[t\s]?(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d{1,9})|(\d{3}))?)?)?\s*(z|utc|gmt|[+-]\d{2}:?\d{2})?$/i;

/** RFC 822 as RSS has it: day names are ignored, seconds and the zone may be missing, and years have two or four digits. */
const RFC822 =
  /^(?:[a-zäéû]{2,12}\.?,?\s+)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s,-]+(\d{4}|\d{2})(?:[\s,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*([a-z]{1,5}|(?:gmt|utc)?[+-]\d{1,2}:?\d{2})?(?:\s*\([^()]{0,40}\))?$/i;

/** Minutes east of UTC. */
function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return 0;
  const numeric = /^(?:gmt|utc)?([+-])(\d{1,2}):?(\d{2})?$/i.exec(zone);
  if (numeric === null) return ZONES[zone.toLowerCase()];
  const minutes = Number(numeric[2]) * 60 + Number(numeric[3] ?? 0);
  return numeric[1] === "-" ? -minutes : minutes;
}

type Part = string | undefined;

/** `month` counts from 1. */
function timeOf(year: number, month: number, [day, hour, minute, second, fraction]: readonly Part[], zone: Part): number | undefined {
  const offset = offsetOf(zone);
  const [d, h, m, s] = [Number(day ?? 1), Number(hour ?? 0), Number(minute ?? 0), Math.min(Number(second ?? 0), 59)];
  if (offset === undefined || month < 1 || month > 12 || d < 1 || h > 24 || m > 59) return undefined;
  const midnight = new Date(Date.UTC(year, month - 1, d));
  // 31 February is no date; `Date` would take it for one in March.
  if (midnight.getUTCMonth() !== month - 1) return undefined;
  const ms = midnight.getTime() + ((h * 60 + m - offset) * 60 + s) * 1000 + Math.floor(Number(`0.${fraction ?? 0}`) * 1000);
  return year >= 1970 && year <= 2200 ? ms : undefined;
}

/**
 * Reads the date of a feed: RFC 3339, RFC 822, and their common misspellings. Without a zone it is UTC, on every
 * machine, where `Date.parse` takes its own.
 *
 * @returns Milliseconds since 1970; undefined where it is no date from 1970 to 2200.
 */
export function parseDate(text: string | undefined): number | undefined {
  const trimmed = text?.trim().slice(0, 100) ?? "";
  const iso = ISO.exec(trimmed);
  if (iso !== null) return timeOf(Number(iso[1]), Number(iso[2]), iso.slice(3, 8), iso[8]);
  const compact = COMPACT.exec(trimmed);
  if (compact !== null) {
    const [, year, month, day, hour, minute, second, fraction, thousandths, zone] = compact;
    return timeOf(Number(year), Number(month), [day, hour, minute, second, fraction ?? thousandths], zone);
  }
  const rfc = RFC822.exec(trimmed);
  if (rfc === null) return undefined;
  const year = Number(rfc[3]);
  const full = rfc[3]?.length === 2 ? year + (year < 70 ? 2000 : 1900) : year;
  return timeOf(full, MONTHS.indexOf((rfc[2] ?? "").toLowerCase()) + 1, [rfc[1], rfc[4], rfc[5], rfc[6]], rfc[7]);
}
