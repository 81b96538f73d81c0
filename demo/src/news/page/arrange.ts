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
      // The operator's name for a feed may differ from the one in its headlines.
      const title = fold(status.title);
      const passes = (headline: Headline): boolean => headline.feed === status.name && hasAll(headline, title, words);
      return {
        status,
        headlines: shown.filter(passes),
        held: held.filter(passes).length,
      };
    });
}

export function wordsOf(text: string): readonly string[] {
  return fold(text)
    .split(/\s+/)
    .filter((word) => word !== "");
}

/** What is searched of each headline, folded. */
const searched = new WeakMap<Headline, string>();

function hasAll(headline: Headline, feedTitle: string, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = searched.get(headline) ?? fold([headline.title, headline.summary, headline.author, headline.feedTitle].join("\n"));
  searched.set(headline, text);
  return words.every((word) => text.includes(word) || feedTitle.includes(word));
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
  // The character of each place in the folded text: a folded character may be longer.
  const places = characters.flatMap((character, index) => Array.from({ length: foldCharacter(character).length }, () => index));
  const folded = fold(text);
  const found = new Set<number>();
  for (const word of words) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length))
      for (const index of places.slice(at, at + word.length)) found.add(index);
  }
  const parts: { text: string; found: boolean }[] = [];
  for (const [index, character] of characters.entries()) {
    const isFound = found.has(index);
    const last = parts.at(-1);
    if (last?.found === isFound) last.text += character;
    else parts.push({ text: character, found: isFound });
  }
  return parts;
}

/** Folds case, marks and width, so that `ete` finds `Été` and `abc` finds `ＡＢＣ`. */
function fold(text: string): string {
  return Array.from(text, foldCharacter).join("");
}

const folds = new Map<string, string>();

function foldCharacter(character: string): string {
  let folded = folds.get(character);
  if (folded === undefined) {
    // Only marks are left out: a Korean syllable is made of letters.
    const [base = "", ...rest] = character.normalize("NFKD");
    folded = (rest.every((part) => /\p{M}/u.test(part)) ? base : character).toLowerCase();
    folds.set(character, folded);
  }
  return folded;
}
