import { foldName } from "./names.ts";

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/**
 * Finds out whether a text speaks to the bot, by `@name` anywhere or by starting with its name.
 *
 * @returns The text without the name, or undefined when it speaks to others. May be empty: the name alone.
 */
export function addressedText(text: string, botName: string): string | undefined {
  const name = escapePattern(foldName(botName));
  const mention = new RegExp(`(^|[^\\p{L}\\p{N}_])@${name}(?![\\p{L}\\p{N}_])[,:]?[ ]?`, "iu");
  if (mention.test(text)) return text.replace(mention, "$1").trim();
  const start = new RegExp(`^${name}(?![\\p{L}\\p{N}_])[\\s,:!.?-]*`, "iu");
  const match = start.exec(text);
  return match === null ? undefined : text.slice(match[0].length).trim();
}
