/** A message to the bot. */
export interface BotMessage {
  readonly room: string;
  readonly nickname: string;
  /** The text, without the bot's name in front. */
  readonly text: string;
}

/** An earlier line of the conversation. */
export interface BotHistoryLine {
  readonly nickname: string;
  readonly text: string;
  readonly bot: boolean;
}

export interface BotContext {
  /** The bot's name here. */
  readonly botName: string;
  /** The hub's address for people, `…/events/stream`. A bot explains publishing with it. */
  readonly streamUrl: string;
  /** The room's last messages, oldest first, without the current one. */
  readonly history: readonly BotHistoryLine[];
  /** Aborted when the answer is no longer wanted, after a timeout or when the server stops. */
  readonly signal: AbortSignal;
}

/** A part of a reply that takes back all parts before it, which were not meant for the room. */
export const TAKE_BACK: unique symbol = Symbol("take back");

/** A part of a reply. An empty text is a sign of life, such as of a model that thinks. */
export type BotPart = string | typeof TAKE_BACK;

/**
 * A program that takes part in a room. The chat asks one question a room at a time and bounds time
 * and length. The chat also reports a failed answer to the room, so a bot may simply throw.
 */
export interface Bot {
  /**
   * Answers a message with a text, with nothing (`undefined` or an empty text), or with a stream of
   * text. The parts of a stream are shown as they arrive.
   */
  reply(message: BotMessage, context: BotContext): Promise<string | undefined> | AsyncIterable<BotPart>;
}
