/** What stands where nothing is known. */
export const UNKNOWN = "–";

/** Everything here is English, as the page is; the hours are the reader's own. */
const LOCALE = "en";

const PLACES = [2, 3, 4, 6, 8].map((places) => ({
  places,
  plain: numbers({ minimumFractionDigits: places, maximumFractionDigits: places }),
  signed: numbers({ minimumFractionDigits: places, maximumFractionDigits: places, signDisplay: "exceptZero" }),
}));
const PERCENT = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const COMPACT = numbers({ notation: "compact", maximumSignificantDigits: 4 });
const TIME = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const HOUR = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return new Intl.NumberFormat(LOCALE, options);
}

/** How many decimal places a price of this size is shown with: so many that a small one still shows how it moves. */
export function decimalsOf(price: number): number {
  const size = Math.abs(price);
  if (size >= 1 || size === 0) return 2;
  if (size >= 0.1) return 3;
  if (size >= 0.01) return 4;
  return size >= 0.0001 ? 6 : 8;
}

export function formatPrice(price: number): string {
  return withMinus(placesOf(price).plain.format(price));
}

/** @param price - Whose decimal places the change has too. */
export function formatChange(change: number, price: number): string {
  return withMinus(placesOf(price).signed.format(change));
}

/** @param percent - 1 is one percent. */
export function formatPercent(percent: number): string {
  return `${withMinus(PERCENT.format(percent))}%`;
}

export function formatVolume(volume: number | undefined): string {
  return volume === undefined ? UNKNOWN : COMPACT.format(volume);
}

/** To the second, in the reader's time zone; with the day where it is another one. */
export function formatTime(at: number, now: number): string {
  return `${dayBefore(at, now)}${TIME.format(at)}`;
}

/** To the minute. */
export function formatHour(at: number, now: number): string {
  return `${dayBefore(at, now)}${HOUR.format(at)}`;
}

/** The sign of a change, as a shape: colour alone would not reach everyone. */
export function arrowOf(change: number): string {
  return change > 0 ? "▲" : change < 0 ? "▼" : "=";
}

export function trendOf(change: number): "up" | "down" | "flat" {
  return change > 0 ? "up" : change < 0 ? "down" : "flat";
}

function placesOf(price: number): (typeof PLACES)[number] {
  const places = decimalsOf(price);
  const found = PLACES.find((each) => each.places === places);
  if (found === undefined) throw new RangeError(`There is no format of ${places} places.`);
  return found;
}

function dayBefore(at: number, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString() ? "" : `${DAY.format(at)}, `;
}

/** A real minus is as wide as a plus, so that columns hold. */
function withMinus(text: string): string {
  return text.replace("-", "−");
}
