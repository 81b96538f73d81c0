import type { Language } from "../bot.ts";
import { CHINESE_NUMBER, chineseNumber, ENGLISH_NUMBER, englishNumber } from "./number-words.ts";

/** Units, their milliseconds, and how people write them. */
const UNITS: readonly (readonly [ms: number, en: string, zh: string])[] = [
  [86_400_000, "d(?:ays?)?", "天"],
  [3_600_000, "h(?:(?:ou)?rs?)?", "个?(?:小时|钟头)"],
  [60_000, "m(?:in(?:ute)?s?)?", "分钟?"],
  [1000, "s(?:ec(?:ond)?s?)?", "秒钟?"],
];

const EN_NUMBER = `\\d+(?:\\.\\d+)?|an?(?=\\s)|half an?(?=\\s)|${ENGLISH_NUMBER}`;
const EN_PART = `(?:(${EN_NUMBER})\\s*(${UNITS.map(([, en]) => en).join("|")})(?![a-z]))`;
const ZH_PART = `(?:(\\d+(?:\\.\\d+)?|半|${CHINESE_NUMBER})\\s*(${UNITS.map(([, , zh]) => zh).join("|")})(半)?)`;

/** A duration in English: `10m`, `1h30m`, `an hour` or `ten minutes`. */
export const ENGLISH_DURATION: string = unnamed(`${EN_PART}(?:\\s*(?:and\\s+)?${EN_PART})*`);

/** A duration in Chinese: `十分钟`, `1小时30分` or `一个半小时`. */
export const CHINESE_DURATION: string = unnamed(`(?:${ZH_PART}|[一1]个半小时)(?:${ZH_PART})*`);

function unnamed(source: string): string {
  return source.replace(/\((?!\?)/g, "(?:");
}

/** @returns Milliseconds. Undefined for a text that is no duration. */
export function durationMs(text: string): number | undefined {
  const plain = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[一1]个半小时/g, "1.5小时");
  const parts = [...plain.matchAll(new RegExp(EN_PART, "giu")), ...plain.matchAll(new RegExp(ZH_PART, "gu"))];
  let ms = 0;
  for (const [, number = "", unit = "", half] of parts) {
    const unitMs = UNITS.find(([, en, zh]) => new RegExp(`^(?:${en}|${zh})$`).test(unit))?.[0];
    const count = countOf(number);
    if (unitMs === undefined || count === undefined) return undefined;
    ms += Math.round((count + (half === undefined ? 0 : 0.5)) * unitMs);
  }
  return parts.length === 0 ? undefined : ms;
}

function countOf(number: string): number | undefined {
  if (/^\d/.test(number)) return Number(number);
  if (number === "半" || number.startsWith("half")) return 0.5;
  if (number === "a" || number === "an") return 1;
  const value = /^[a-z]/.test(number) ? englishNumber(number) : chineseNumber(number);
  return value === undefined ? undefined : Number(value);
}

const NAMES = { en: ["day", "hour", "minute", "second"], zh: ["天", "小时", "分钟", "秒"] } as const;

/** A duration for people, by its two largest units. */
export function writtenDuration(ms: number, language: Language): string {
  let rest = Math.max(1000, ms);
  const parts: string[] = [];
  for (const [index, [unitMs]] of UNITS.entries()) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${NAMES[language][index]}${language === "en" && count > 1 ? "s" : ""}`);
  }
  return parts.join(" ");
}
