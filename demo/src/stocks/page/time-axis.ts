import { formatDay, formatHour, formatMonth, formatTime } from "./format.ts";

/** A label of the time axis, placed by the middle. */
export interface Tick {
  /** In pixels from the left. */
  readonly x: number;
  readonly text: string;
}

export interface AxisOptions {
  /** First and last time of the axis, in seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** In pixels. */
  readonly width: number;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Distances of ticks that people count in, in seconds. */
const DISTANCES = [
  15,
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14].map((days) => days * DAY),
];
/** Longer ones, in months. */
const MONTHS = [1, 2, 3, 6, 12];
const LONGEST_MONTH = 31 * DAY;

/** Widths of a letter and of the gap between two labels, in pixels. */
const LETTER = 7.5;
const GAP = 18;

/**
 * The labels of a time axis. They stand at whole minutes, hours, days or months of the reader's
 * time zone, where the time is in proportion. None is cut at an end or touches another.
 */
export function ticksOf({ from, to, width }: AxisOptions): readonly Tick[] {
  const perSecond = width / (to - from);
  if (!(perSecond > 0) || !Number.isFinite(perSecond)) return [];
  const distance = DISTANCES.find((seconds) => fits(seconds, textAt(from, seconds), perSecond));
  const times = distance === undefined ? monthsIn(from, to, perSecond) : wholesIn(from, to, distance);
  return times
    .map((time) => ({ x: (time - from) * perSecond, text: distance === undefined ? formatMonth(time * 1000) : textAt(time, distance) }))
    .filter(({ x, text }) => x - widthOf(text) / 2 >= 0 && x + widthOf(text) / 2 <= width);
}

function fits(seconds: number, text: string, perSecond: number): boolean {
  // A day between hours may be wider than they are.
  const widest = seconds < DAY ? Math.max(widthOf(text), widthOf(formatDay(0))) : widthOf(text);
  return seconds * perSecond >= widest + GAP;
}

function textAt(time: number, distance: number): string {
  const at = time * 1000;
  if (distance < MINUTE) return formatTime(at, at);
  if (distance >= DAY || secondOfDay(time) === 0) return formatDay(at);
  return formatHour(at, at);
}

/** Multiples of a distance, counted from a midnight of the reader. */
function wholesIn(from: number, to: number, distance: number): number[] {
  const times: number[] = [];
  if (distance < DAY) {
    // In a day with a change of the clock, they are counted on from midnight.
    let time = from - (secondOfDay(from) % distance);
    if (time < from) time += distance;
    for (; time <= to; time += distance) times.push(time);
    return times;
  }
  const days = distance / DAY;
  for (const date = midnightOf(from); date.getTime() / 1000 <= to; date.setDate(date.getDate() + 1)) {
    const time = date.getTime() / 1000;
    if (time >= from && Math.round(time / DAY) % days === 0) times.push(time);
  }
  return times;
}

function monthsIn(from: number, to: number, perSecond: number): number[] {
  const text = formatMonth(from * 1000);
  const months = MONTHS.find((count) => fits(count * LONGEST_MONTH, text, perSecond)) ?? 12;
  const times: number[] = [];
  const date = midnightOf(from);
  date.setDate(1);
  for (; date.getTime() / 1000 <= to; date.setMonth(date.getMonth() + 1)) {
    if (date.getTime() / 1000 >= from && date.getMonth() % months === 0) times.push(date.getTime() / 1000);
  }
  return times;
}

function midnightOf(time: number): Date {
  const date = new Date(time * 1000);
  date.setHours(0, 0, 0, 0);
  return date;
}

function secondOfDay(time: number): number {
  return time - midnightOf(time).getTime() / 1000;
}

/** A Chinese character is as wide as two letters. */
function widthOf(text: string): number {
  let letters = 0;
  for (const letter of text) letters += /\p{Script=Han}/u.test(letter) ? 1.9 : 1;
  return letters * LETTER;
}
