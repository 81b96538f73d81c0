import type { Part, Search } from "../arrange.ts";
import type { Headline } from "../headline.ts";

/** Makes the search for the words of a text. Undefined if there are none. */
export function searchFor(text: string): Search | undefined {
  const words = wordsOf(text);
  if (words.length === 0) return undefined;
  return {
    // The operator's name for a feed may differ from the name in its headlines.
    has: (headline, feedTitle) => hasAll(headline, fold(feedTitle), words),
    split: (each) => findWords(each, words),
  };
}

export function wordsOf(text: string): readonly string[] {
  return fold(text)
    .split(/\s+/)
    .filter((word) => word !== "");
}

/** The searched text of each headline, folded. */
const searched = new WeakMap<Headline, string>();

function hasAll(headline: Headline, feedTitle: string, words: readonly string[]): boolean {
  const text = searched.get(headline) ?? fold([headline.title, headline.summary, headline.author, headline.feedTitle].join("\n"));
  searched.set(headline, text);
  return words.every((word) => text.includes(word) || feedTitle.includes(word));
}

/** Splits a text at the words. */
export function findWords(text: string, words: readonly string[]): readonly Part[] {
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
