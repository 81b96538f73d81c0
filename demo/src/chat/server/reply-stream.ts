import type { ChatCard } from "./cards.ts";
import { type Bot, type BotAnswer, type BotContext, type BotMessage, type BotPart, TAKE_BACK } from "./bots/bot.ts";
import type { ChatLimits } from "./options.ts";

/** Most characters of a reply. The rest is cut off. */
const MAX_REPLY_LENGTH = 2000;

/**
 * How far a longer reply is read, in characters, because the bot may still take back earlier parts.
 */
const MAX_READ_LENGTH = 4 * MAX_REPLY_LENGTH;

/** Stands after a text whose end did not come. */
const CUT_MARK = " …";

export interface CollectedReply {
  /** Undefined if the bot has nothing to say. */
  readonly text: string | undefined;
  /** The same as data, if the bot gave any. */
  readonly card?: ChatCard | undefined;
  /** Why the text is cut, if it is. */
  readonly failure?: unknown;
}

/**
 * Runs one reply of a bot to its end, within its time. A reply that fails after parts of it were
 * shown keeps them, with a mark.
 *
 * @param onText - Called with all of the text so far at each new part.
 * @param stop - Ends the reply early. What was shown stays, as after a failure.
 * @throws The bot's error before its first text.
 * @throws The signal's reason. A bot that ignores the signal is left behind, not waited for.
 */
export async function collectReply(
  bot: Bot,
  message: BotMessage,
  context: BotContext,
  limits: Pick<ChatLimits, "botFirstMs" | "botNextMs" | "botMs">,
  onText: (text: string) => void,
  stop?: AbortSignal,
): Promise<CollectedReply> {
  const time = new ReplyTime(limits, stop === undefined ? context.signal : AbortSignal.any([context.signal, stop]));
  try {
    time.signal.throwIfAborted();
    const reply = bot.reply(message, { ...context, signal: time.signal });
    if (!(Symbol.asyncIterator in reply)) return wholeReply((await Promise.race([reply, time.over])) ?? "");
    return await collectParts(reply[Symbol.asyncIterator](), time, context.signal, onText);
  } finally {
    time.stop();
  }
}

function wholeReply(reply: string | BotAnswer): CollectedReply {
  const { text, card } = typeof reply === "string" ? { text: reply } : reply;
  return { text: cleanReply(text), ...(card === undefined ? {} : { card }) };
}

async function collectParts(
  parts: AsyncIterator<BotPart>,
  time: ReplyTime,
  stopped: AbortSignal,
  onText: (text: string) => void,
): Promise<CollectedReply> {
  let text = "";
  try {
    while (text.length < MAX_READ_LENGTH) {
      const part = await Promise.race([parts.next(), time.over]);
      if (part.done === true) break;
      time.partCame();
      text = part.value === TAKE_BACK ? "" : text + part.value;
      onText(cleanReply(text) ?? "");
    }
  } catch (error) {
    const shown = cleanReply(text, CUT_MARK);
    if (shown === undefined || stopped.aborted) throw error;
    return { text: shown, failure: error };
  } finally {
    // Not awaited, because a hanging bot would hang here too. Its failure to stop no longer
    // matters.
    void parts.return?.()?.catch(() => {});
  }
  return { text: cleanReply(text) };
}

/** The time of one reply: to its first part, between parts, and in total. */
class ReplyTime {
  /** Aborted when the time is over, or from outside. */
  readonly signal: AbortSignal;
  /** Rejects when the signal is aborted. */
  readonly over: Promise<never>;
  readonly #limits: Pick<ChatLimits, "botFirstMs" | "botNextMs" | "botMs">;
  readonly #controller = new AbortController();
  readonly #total: ReturnType<typeof setTimeout>;
  #part: ReturnType<typeof setTimeout>;

  constructor(limits: Pick<ChatLimits, "botFirstMs" | "botNextMs" | "botMs">, outside: AbortSignal) {
    this.#limits = limits;
    this.signal = AbortSignal.any([outside, this.#controller.signal]);
    this.over = new Promise<never>((_, reject) => {
      this.signal.addEventListener("abort", () => reject(this.signal.reason as Error), { once: true });
    });
    // The promise may have no handler when it rejects later.
    this.over.catch(() => {});
    this.#total = this.#after(limits.botMs, "whole answer");
    this.#part = this.#after(limits.botFirstMs, "first part");
  }

  partCame(): void {
    clearTimeout(this.#part);
    this.#part = this.#after(this.#limits.botNextMs, "next part");
  }

  stop(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#part);
  }

  #after(ms: number, what: string): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#controller.abort(new Error(`The ${what} did not come within ${ms} ms.`)), ms);
  }
}

/**
 * Replaces control characters by spaces, and cuts the text at a whole character. Returns undefined
 * if nothing is left.
 */
function cleanReply(text: string, mark = ""): string | undefined {
  let clean = text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n]/gu, " ")
    .trim();
  if (clean === "") return undefined;
  const room = MAX_REPLY_LENGTH - mark.length;
  if (clean.length > room) clean = `${clean.slice(0, room - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
  return clean + mark;
}
