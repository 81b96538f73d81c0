import { decodeEntities } from "./entities.ts";
import { withoutC1 } from "./windows-1252.ts";

/** Longest text that is looked at, in characters: a whole article must not cost more than its beginning. */
const MAX_INPUT = 20_000;

/** Elements whose content nobody reads. */
const UNREAD = /<(script|style|template|iframe|object|noscript|svg|math|head)\b[^]*?(?:<\/\1\s*>|$)/gi;
const COMMENT = /<!--[^]*?(?:-->|$)/g;
/** A tag; the second form for one whose quotes don't match, the third for one that is cut off. */
const TAG = /<[a-z/!?](?:"[^"<]*"|'[^'<]*'|[^<>"'])*>|<[a-z/!?][^<>]*>|<[a-z/!?][^<>]*$/gi;
/** Elements between which there is no space unless it is written. */
const INLINE =
  /^<\/?(?:a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr)\b/i;
/** Formatting that was escaped twice, which is a common mistake. Any other `<` with a name behind it is meant as text. */
const FORMATTING = /<\/?(?:a|b|i|u|s|em|strong|span|font|sub|sup|small|big|p|br|div|img)(?:\s[^<>]*)?\/?>/gi;
/** What a page would take for a tag. */
const TAG_LIKE = /<(?=[a-z/!?])([^<>]*)(>?)/gi;

/**
 * Controls, and the marks that turn the direction of what stands behind them: a headline must not be able to rewrite
 * the page around it.
 */
// oxlint-disable-next-line no-control-regex -- these are the characters that it is about
const INVISIBLE = /[\0-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g;

/** White space is one space; nothing that is a tag even where a page wrongly takes the text for HTML; well-formed. */
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

/** Makes plain text of HTML. */
export function htmlToText(html: string): string {
  return settle(decodeEntities(stripTags(html.slice(0, MAX_INPUT))).replace(FORMATTING, ""));
}

/** Makes plain text of what should be plain, and may have been meant as HTML: formatting goes, any other `<` stays. */
export function lenientText(text: string): string {
  return settle(decodeEntities(text.slice(0, MAX_INPUT).replace(FORMATTING, "")).replace(FORMATTING, ""));
}

/** Makes plain text of what is plain by its format. */
export function plainText(text: string): string {
  return settle(text.slice(0, MAX_INPUT));
}

/**
 * Cuts a text at the end of a word, with an ellipsis.
 *
 * @param length - Most characters (UTF-16 units), the ellipsis included.
 */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, Math.max(length - 1, 0));
  const space = cut.lastIndexOf(" ");
  // A word that fills more than a third of it is cut, as in languages without spaces.
  const end = space > (cut.length * 2) / 3 ? cut.slice(0, space) : cut;
  // The cut may have gone through a pair of surrogates.
  return `${end.replace(/[\ud800-\udbff]$/, "").replace(/[\s,;:.–—-]+$/, "")}…`;
}
