import { decodeEntities } from "./entities.ts";
import { withoutC1 } from "./windows-1252.ts";

/** Longest input, in characters. A whole article must not cost more than its beginning. */
const MAX_INPUT = 20_000;

/** Elements whose content is not readable text. */
const UNREAD = /<(script|style|template|iframe|object|noscript|svg|math|head)\b[^]*?(?:<\/\1\s*>|$)/gi;
const COMMENT = /<!--[^]*?(?:-->|$)/g;
/** A tag. The second form has mismatched quotes, the third is cut off. */
const TAG = /<[a-z/!?](?:"[^"<]*"|'[^'<]*'|[^<>"'])*>|<[a-z/!?][^<>]*>|<[a-z/!?][^<>]*$/gi;
/** Elements that add no space between words. */
const INLINE =
  /^<\/?(?:a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr)\b/i;
/**
 * Formatting that was escaped twice, a common mistake. Any other `<` before a name is meant as
 * text.
 */
const FORMATTING = /<\/?(?:a|b|i|u|s|em|strong|span|font|sub|sup|small|big|p|br|div|img)(?:\s[^<>]*)?\/?>/gi;
/** Text that a page would take for a tag. */
const TAG_LIKE = /<(?=[a-z/!?])([^<>]*)(>?)/gi;

/**
 * Controls, and the marks that turn the direction of the following text. A headline must not be
 * able to rewrite the page around it.
 */
// oxlint-disable-next-line no-control-regex -- these are the characters that it is about
const INVISIBLE = /[\0-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g;

/**
 * Normalises text. White space becomes one space, and surrogates become well-formed. Nothing is
 * left that a page could take for a tag, even if it wrongly reads the text as HTML.
 */
function settle(text: string): string {
  return withoutC1(text)
    .replace(INVISIBLE, "")
    .replace(TAG_LIKE, (_, inside: string, end: string) => `‹${inside}${end === "" ? "" : "›"}`)
    .replace(/\s+/g, " ")
    .trim()
    .toWellFormed();
}

function stripTags(html: string): string {
  return html
    .replace(COMMENT, " ")
    .replace(UNREAD, " ")
    .replace(TAG, (tag) => (INLINE.test(tag) ? "" : " "));
}

/** Converts HTML to plain text. */
export function htmlToText(html: string): string {
  return settle(decodeEntities(stripTags(html.slice(0, MAX_INPUT))).replace(FORMATTING, ""));
}

/**
 * Converts text that should be plain but may be HTML. Formatting is removed, any other `<` stays.
 */
export function lenientText(text: string): string {
  return settle(decodeEntities(text.slice(0, MAX_INPUT).replace(FORMATTING, "")).replace(FORMATTING, ""));
}

/** Converts text that is plain by its format. */
export function plainText(text: string): string {
  return settle(text.slice(0, MAX_INPUT));
}

/**
 * Cuts a text at the end of a word, with an ellipsis.
 *
 * @param length - Most characters (UTF-16 units), including the ellipsis.
 */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, Math.max(length - 1, 0));
  const space = cut.lastIndexOf(" ");
  // A word longer than a third of the text is cut, as in languages without spaces.
  const end = space > (cut.length * 2) / 3 ? cut.slice(0, space) : cut;
  // The cut may have split a surrogate pair.
  return `${end.replace(/[\ud800-\udbff]$/, "").replace(/[\s,;:.–—-]+$/, "")}…`;
}
