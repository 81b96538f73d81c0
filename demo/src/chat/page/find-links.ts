import { isUrl } from "../../stand-ins.ts";

/** A web address in a text. */
export interface FoundLink {
  readonly start: number;
  readonly end: number;
}

/**
 * A web address. It ends at white space, at the quoting marks of HTML and code, or at a mark of
 * prose. Marks of prose are quotation marks, brackets and the ends of clauses of any script except
 * ASCII, which addresses are full of. Invisible characters also end an address, except the joiners
 * of Persian and Indic words. Chinese, Japanese and Korean prose has no space before its words, so
 * their letter ends an address after an ASCII letter, digit or closing bracket. After a slash or
 * another mark, such letters are a name in the address.
 */
const ADDRESS =
  /https?:\/\/(?:(?![\s<>"'`\p{Cc}—―]|(?<=[A-Za-z0-9)\]}])[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}])(?:[!-~]|[\u200C\u200D]|[^\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Term}\p{QMark}\p{Cf}]))+/gu;

/** Marks that end a sentence rather than an address. */
const TRAILING = ".,;:!?…·-–";

const OPENING: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** Finds the `http:` and `https:` addresses in a text, in order. */
export function findLinks(text: string): FoundLink[] {
  const links: FoundLink[] = [];
  for (const { 0: match, index } of text.matchAll(ADDRESS)) {
    const address = withoutTrail(match);
    if (isUrl(address)) links.push({ start: index, end: index + address.length });
  }
  return links;
}

/**
 * Removes the parts of the sentence around an address: marks at its end, and closing brackets that
 * it has not opened.
 */
function withoutTrail(address: string): string {
  const counts = new Map<string, number>();
  for (const character of address) counts.set(character, (counts.get(character) ?? 0) + 1);
  let end = address.length;
  for (; end > 0; end--) {
    const last = address[end - 1] ?? "";
    const opening = OPENING[last];
    if (opening !== undefined) {
      const closing = counts.get(last) ?? 0;
      if (closing <= (counts.get(opening) ?? 0)) break;
      counts.set(last, closing - 1);
    } else if (!TRAILING.includes(last)) break;
  }
  return address.slice(0, end);
}
