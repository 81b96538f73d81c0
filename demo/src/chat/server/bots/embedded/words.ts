import { SPELLINGS, TRADITIONAL } from "./spelling.ts";

/** One word of a message: a run of letters and digits, or one Chinese character. */
export interface Word {
  /** Lower case, in the spelling of the triggers. */
  readonly text: string;
  /** Place of the word in the message. The words of one spelling, such as "I'm", share a place. */
  readonly from: number;
  readonly to: number;
}

const WORD = /\p{sc=Han}|(?:(?!\p{sc=Han})[\p{L}\p{M}\p{N}'])+/gu;

const SPELLED: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(SPELLINGS).map(([from, to]): [string, readonly string[]] => [from, to.split(" ")]),
);

const SIMPLIFIED: ReadonlyMap<string, string> = new Map(TRADITIONAL.match(/../gu)?.map((pair) => [pair[0] ?? "", pair[1] ?? ""]));

/** Makes full-width letters narrow and all apostrophes the same. Words have places in this text. */
export function plainText(text: string): string {
  return text.normalize("NFKC").replace(/[’`´]/g, "'");
}

/**
 * Splits a text into words and drops its punctuation.
 *
 * @param text - A text from {@link plainText}.
 */
export function splitWords(text: string): Word[] {
  const words: Word[] = [];
  for (const { 0: match, index: from } of text.matchAll(WORD)) {
    const lower = match.toLowerCase();
    for (const spelled of SPELLED.get(lower) ?? [SIMPLIFIED.get(lower) ?? lower])
      words.push({ text: spelled, from, to: from + match.length });
  }
  return words;
}
