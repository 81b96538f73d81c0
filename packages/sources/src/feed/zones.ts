/** Offsets of zone names in hours. Ambiguous names have their usual meaning in feeds. */
const HOURS: Readonly<Record<string, string>> = {
  "-10": "hst",
  "-9": "akst",
  "-8": "akdt pst",
  "-7": "mst pdt",
  "-6": "cst mdt",
  "-5": "est cdt cot pet",
  "-4": "ast edt clt vet",
  "-3.5": "nst",
  "-3": "adt brt art uyt clst",
  "-2.5": "ndt",
  "-2": "brst",
  "0": "ut utc gmt z wet",
  "1": "bst west cet met mez wat",
  "2": "cest mest mesz eet cat sast",
  "3": "eest msk trt eat",
  "3.5": "irst",
  "4": "gst samt",
  "4.5": "irdt",
  "5": "pkt yekt uzt",
  "5.5": "ist",
  "5.75": "npt",
  "6": "bdt omst",
  "7": "ict wib krat novt",
  "8": "sgt hkt pht myt awst wita irkt",
  "9": "jst kst wit yakt",
  "9.5": "acst",
  "10": "aest vlat chst",
  "10.5": "acdt",
  "11": "aedt magt",
  "12": "nzst pett fjt",
  "13": "nzdt",
};

const MINUTES: ReadonlyMap<string, number> = new Map(
  Object.entries(HOURS).flatMap(([hours, names]) => names.split(" ").map((name): [string, number] => [name, Number(hours) * 60])),
);

/** Names that stand for summer time in summer. */
const REGIONS: Readonly<Record<string, string>> = {
  et: "America/New_York",
  ct: "America/Chicago",
  mt: "America/Denver",
  pt: "America/Los_Angeles",
};

/** Numeric offsets, with or without a name of UTC in front. */
const NUMERIC = /^(?:gmt|utc?)?\s?([+-])(\d{1,2})(?::?(\d{2}))?$/i;

/** Names of the time zone database, such as `America/New_York`. */
const REGION = /^[a-z]+(?:\/[a-z_+-]+){1,2}$/i;

/**
 * Returns the offset of a zone from UTC.
 *
 * @param zone - A name, an offset, or a region.
 * @param localMs - The time of a clock in that zone, as if it were UTC, because regions have summer
 *   time.
 * @returns Minutes east of UTC, or undefined for an unknown zone.
 */
export function zoneOffset(zone: string, localMs: number): number | undefined {
  const numeric = NUMERIC.exec(zone);
  if (numeric !== null) {
    const minutes = Number(numeric[2]) * 60 + Number(numeric[3] ?? 0);
    if (minutes > 14 * 60) return undefined;
    return numeric[1] === "-" ? -minutes : minutes;
  }
  const name = zone.toLowerCase();
  const region = REGION.test(zone) ? zone : Object.hasOwn(REGIONS, name) ? REGIONS[name] : undefined;
  return region === undefined ? MINUTES.get(name) : regionOffset(region, localMs);
}

/** Formats by region. Making one takes ten times as long as using it, and a feed has one region. */
const formats = new Map<string, Intl.DateTimeFormat>();
const MAX_FORMATS = 50;

function regionOffset(zone: string, localMs: number): number | undefined {
  try {
    const format = formats.get(zone) ?? new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
    if (formats.size < MAX_FORMATS) formats.set(zone, format);
    const offsetAt = (ms: number): number => {
      const name = format.formatToParts(ms).find(({ type }) => type === "timeZoneName")?.value ?? "";
      return name === "GMT" ? 0 : (zoneOffset(name, ms) ?? 0);
    };
    // The first estimate is wrong by the offset. The second is right except in the hour in which
    // the clocks change.
    return offsetAt(localMs - offsetAt(localMs) * 60_000);
  } catch {
    // RangeError: an unknown region.
    return undefined;
  }
}
