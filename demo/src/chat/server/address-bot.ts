import { foldName } from "./names.ts";

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/**
 * Recognises a text to the bot, by `@name` anywhere or by the bot's name at the start.
 *
 * @returns The text without the name, which may be empty. Undefined if the text is for others.
 */
export function addressedText(text: string, botName: string): string | undefined {
  const name = escapePattern(foldName(botName));
  const mention = new RegExp(`(^|[^\\p{L}\\p{N}_])@${name}(?![\\p{L}\\p{N}_])[,:]?[ ]?`, "iu");
  if (mention.test(text)) return text.replace(mention, "$1").trim();
  const start = new RegExp(`^${name}(?![\\p{L}\\p{N}_])[\\s,:!.?-]*`, "iu");
  const match = start.exec(text);
  return match === null ? undefined : text.slice(match[0].length).trim();
}
