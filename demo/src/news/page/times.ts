import { formatterOf } from "artesian-ui/language.ts";
import { newsTexts } from "./texts.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const dayFormat = formatterOf((tag) => new Intl.DateTimeFormat(tag, { day: "numeric", month: "short", year: "numeric" }));
const exactFormat = formatterOf((tag) => new Intl.DateTimeFormat(tag, { dateStyle: "full", timeStyle: "short" }));

/** An age, in people's words. A future time, due to differing clocks, counts as now. */
export function ageText(at: number, now: number): string {
  const age = now - at;
  if (age < MINUTE) return newsTexts().justNow;
  if (age < 7 * DAY) return newsTexts().ago(span(age));
  return dayFormat().format(at);
}

/** A length of time in its largest unit. */
export function span(ms: number): string {
  const { units } = newsTexts();
  if (ms < MINUTE) return units.s(Math.max(1, Math.round(ms / 1000)));
  if (ms < HOUR) return units.min(Math.floor(ms / MINUTE));
  if (ms < DAY) return units.h(Math.floor(ms / HOUR));
  return units.d(Math.floor(ms / DAY));
}

/** The whole date and time. */
export function exactTime(at: number): string {
  return exactFormat().format(at);
}
