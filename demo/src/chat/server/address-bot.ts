import { MENTION_SIGN, nameInText } from "./name-in-text.ts";
import { foldName } from "./names.ts";

/**
 * Recognises a text to the bot, by `@name` anywhere or by the bot's name at the start.
 *
 * @returns The text without the name, which may be empty. Undefined if the text is for others.
 */
export function addressedText(text: string, botName: string): string | undefined {
  const name = nameInText(foldName(botName));
  const mention = new RegExp(`${MENTION_SIGN}${name}[,:，：]?[ ]?`, "iu");
  if (mention.test(text)) return text.replace(mention, "").trim();
  const start = new RegExp(`^${name}[\\s,:!.?，：！。？、-]*`, "iu");
  const match = start.exec(text);
  return match === null ? undefined : text.slice(match[0].length).trim();
}
