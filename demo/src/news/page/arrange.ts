import type { FeedStatus } from "../server/wire.ts";
import type { Headline } from "./headline.ts";

/** The reader's filter. */
export interface Filter {
  /** A feed's name. Empty: all. */
  readonly feed: string;
  /** Words that a headline must have, in any order. Empty: any. */
  readonly text: string;
}

/** One feed with its headlines that pass the filter. */
export interface Section {
  readonly status: FeedStatus;
  /** Newest first. */
  readonly headlines: readonly Headline[];
  /** Number of new headlines that wait to be shown. */
  readonly held: number;
}

/** Sorts headlines, the newest first. Among equal times, the last to arrive comes first. */
export function newestFirst(headlines: Iterable<Headline>): Headline[] {
  return [...headlines].toReversed().toSorted((a, b) => b.at - a.at);
}

/**
 * Groups headlines by feed, in the order of the feeds, which does not change while the page is
 * read.
 */
export function arrange(
  feeds: readonly FeedStatus[],
  shown: readonly Headline[],
  held: readonly Headline[],
  filter: Filter,
): readonly Section[] {
  const words = wordsOf(filter.text);
  return feeds
    .filter(({ name }) => filter.feed === "" || filter.feed === name)
    .map((status) => {
      const mine = ({ feed }: Headline): boolean => feed === status.name;
      return {
        status,
        headlines: shown.filter((headline) => mine(headline) && hasAll(headline, words)),
        held: held.filter((headline) => mine(headline) && hasAll(headline, words)).length,
      };
    });
}

export function wordsOf(text: string): readonly string[] {
  return fold(text)
    .split(/\s+/)
    .filter((word) => word !== "");
}

function hasAll(headline: Headline, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = fold([headline.title, headline.summary, headline.author, headline.feedTitle].join(" "));
  return words.every((word) => text.includes(word));
}

/** A part of a text, and whether the part is a search word. */
export interface Part {
  readonly text: string;
  readonly found: boolean;
}

/** Splits a text at the words. */
export function findWords(text: string, words: readonly string[]): readonly Part[] {
  if (words.length === 0) return [{ text, found: false }];
  const characters = Array.from(text);
  const folded = fold(text);
  const found = Array.from({ length: folded.length }, () => false);
  for (const word of words) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) found.fill(true, at, at + word.length);
  }
  const parts: { text: string; found: boolean }[] = [];
  for (const [index, character] of characters.entries()) {
    const isFound = found[index] ?? false;
    const last = parts.at(-1);
    if (last?.found === isFound) last.text += character;
    else parts.push({ text: character, found: isFound });
  }
  return parts;
}

/** Folds case and marks, one character for each, so that indices in the two texts are equal. */
function fold(text: string): string {
  return Array.from(text, (character) => character.normalize("NFD").charAt(0).toLowerCase().charAt(0)).join("");
}
