/**
 * The beginning of a mention, as the source of a pattern. An address of mail has letters before its
 * sign. Chinese prose has no space there.
 */
export const MENTION_SIGN: string = String.raw`(?<![\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}\p{N}_])[@＠]`;

/** A name in a text, as the source of a pattern. */
export function nameInText(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&") + endOf(name);
}

/**
 * What may not follow a name, or else the name is another. Chinese has no spaces, so after a
 * name in Latin letters any other script begins the text, and after a Chinese name anything may.
 */
function endOf(name: string): string {
  if (/\p{sc=Han}$/u.test(name)) return "";
  return /[\p{sc=Latn}\p{N}_]$/u.test(name) ? "(?![\\p{sc=Latn}\\p{M}\\p{N}_])" : "(?![\\p{L}\\p{N}_])";
}
