/** What somebody said to the bot. */
export interface BotMessage {
  readonly room: string;
  readonly nickname: string;
  /** Without the bot's name in front. */
  readonly text: string;
}

/** A line of the conversation before it. */
export interface BotHistoryLine {
  readonly nickname: string;
  readonly text: string;
  readonly bot: boolean;
}

export interface BotContext {
  /** What the bot is called here. */
  readonly botName: string;
  /** The hub's address for people, `…/events/stream`, for a bot that explains how to publish. */
  readonly streamUrl: string;
  /** The room's last messages, oldest first, without the one to answer. */
  readonly history: readonly BotHistoryLine[];
  /** Aborted when the answer is no longer wanted: it took too long, or the server stops. */
  readonly signal: AbortSignal;
}

/** A part of a reply that takes back all parts before it: they were not meant for the room. */
export const TAKE_BACK: unique symbol = Symbol("take back");

/** A part of a reply. An empty text is a sign of life, such as of a model that thinks. */
export type BotPart = string | typeof TAKE_BACK;

/**
 * Somebody in the room who is a program. The chat asks one question a room at a time, bounds time and length,
 * and tells the room when an answer fails, so a bot may simply throw.
 */
export interface Bot {
  /**
   * Answers a message: with a text, with nothing (`undefined` or an empty text), or with a stream of text whose
   * parts are shown as they come.
   */
  reply(message: BotMessage, context: BotContext): Promise<string | undefined> | AsyncIterable<BotPart>;
}
