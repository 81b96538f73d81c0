import { foldName } from "./names.ts";

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/**
 * What may not follow a name, or else the name is another. Chinese has no spaces, so after a
 * name in Latin letters any other script begins the text, and after a Chinese name anything may.
 */
function endOf(name: string): string {
  if (/\p{sc=Han}$/u.test(name)) return "";
  return /[\p{sc=Latn}\p{N}_]$/u.test(name) ? "(?![\\p{sc=Latn}\\p{M}\\p{N}_])" : "(?![\\p{L}\\p{N}_])";
}

/**
 * Recognises a text to the bot, by `@name` anywhere or by the bot's name at the start.
 *
 * @returns The text without the name, which may be empty. Undefined if the text is for others.
 */
export function addressedText(text: string, botName: string): string | undefined {
  const folded = foldName(botName);
  const name = escapePattern(folded) + endOf(folded);
  // An address of mail has Latin letters before its sign.
  const mention = new RegExp(`(^|[^\\p{sc=Latn}\\p{sc=Cyrl}\\p{sc=Grek}\\p{N}_])[@＠]${name}[,:，：]?[ ]?`, "iu");
  if (mention.test(text)) return text.replace(mention, "$1").trim();
  const start = new RegExp(`^${name}[\\s,:!.?，：！。？、-]*`, "iu");
  const match = start.exec(text);
  return match === null ? undefined : text.slice(match[0].length).trim();
}
