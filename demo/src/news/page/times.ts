const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An age, in people's words. A future time, due to differing clocks, counts as now. */
export function ageText(at: number, now: number): string {
  const age = now - at;
  if (age < MINUTE) return "just now";
  if (age < 7 * DAY) return `${span(age)} ago`;
  return new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" }).format(at);
}

/** The time until an event. */
export function untilText(at: number, now: number): string {
  return at - now < MINUTE ? "within a minute" : `in ${span(at - now)}`;
}

/** A length of time in its largest unit. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.max(1, Math.round(ms / 1000))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** The whole date and time. */
export function exactTime(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" }).format(at);
}
