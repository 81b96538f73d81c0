/** One turn of a talk: the visitor's words, and the marks of a good answer. */
export interface Turn {
  readonly said: string;
  readonly must: RegExp;
  readonly mustNot?: RegExp;
}

/** Turns of one visitor, in order. */
export type Talk = readonly Turn[];

/** Marks of an answer that admits its limits. */
export const ADMITS: Readonly<Record<"en" | "zh", RegExp>> = {
  en: /can(?:no|')t|do not|don't|not sure|beyond|only understand|no idea/i,
  zh: /不知道|不明白|超出|不懂|不会|不能|没法|做不到|答不|没跟上|不多/,
};

/** A link into the documentation, which an answer about something else must not have. */
export const DOCS: RegExp = /\/docs\//;

export function turn(said: string, must: RegExp, mustNot?: RegExp): Turn {
  return { said, must, ...(mustNot === undefined ? {} : { mustNot }) };
}
