import type { Bot, BotContext, BotMessage } from "./bots/bot.ts";

/** Most characters of a reply; the rest is cut off. */
const MAX_REPLY_LENGTH = 2000;

/**
 * Runs one reply of a bot to its end, within its time.
 *
 * @param onText - Called with all of the text so far whenever a part came.
 * @returns The whole text, or undefined where the bot has nothing to say.
 * @throws what the bot throws, or the signal's reason; a bot that ignores the signal is left behind, not waited for.
 */
export async function collectReply(
  bot: Bot,
  message: BotMessage,
  context: BotContext,
  onText: (text: string) => void,
): Promise<string | undefined> {
  const { signal } = context;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  // Nobody may be waiting when it is aborted later.
  aborted.catch(() => {});
  signal.throwIfAborted();
  const reply = bot.reply(message, context);
  if (!(Symbol.asyncIterator in reply)) return cleanReply((await Promise.race([reply, aborted])) ?? "");
  const parts = reply[Symbol.asyncIterator]();
  let text = "";
  try {
    while (text.length < MAX_REPLY_LENGTH) {
      const part = await Promise.race([parts.next(), aborted]);
      if (part.done === true) break;
      text += part.value;
      onText(cleanReply(text) ?? "");
    }
  } finally {
    // Not awaited: a bot that hangs would hang here too. Its own failure to stop concerns nobody any more.
    void parts.return?.()?.catch(() => {});
  }
  return cleanReply(text);
}

/** Control characters become spaces, and the length is cut at a whole character. */
function cleanReply(text: string): string | undefined {
  let clean = text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n]/gu, " ")
    .trim();
  if (clean.length > MAX_REPLY_LENGTH) {
    clean = `${clean.slice(0, MAX_REPLY_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
  }
  return clean === "" ? undefined : clean;
}
