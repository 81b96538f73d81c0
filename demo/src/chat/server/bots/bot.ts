import type { ChatCard } from "../cards.ts";

/** A language that the bots speak. */
export type Language = "en" | "zh";

/** A message to the bot. */
export interface BotMessage {
  readonly room: string;
  readonly nickname: string;
  /** The text, without the bot's name in front. */
  readonly text: string;
  /** The visitor's public name tag. The same person has it under every nickname. */
  readonly visitor?: string | undefined;
  /** The language of the visitor's browser, for a text without words. */
  readonly language?: Language | undefined;
}

/** An earlier line of the conversation. */
export interface BotHistoryLine {
  readonly nickname: string;
  readonly text: string;
  readonly bot: boolean;
}

/** An update that is held on a topic. */
export interface HeldUpdate {
  readonly topic: string;
  readonly type: string | undefined;
  readonly data: string;
}

/** The outcome of `later`. */
export type LaterOutcome = "kept" | "full" | "unavailable";

export interface BotContext {
  /** The bot's name here. */
  readonly botName: string;
  /** The hub's address for people, `…/events/stream`. A bot explains publishing with it. */
  readonly streamUrl: string;
  /** The room's last messages, oldest first, without the current one. */
  readonly history: readonly BotHistoryLine[];
  /** Aborted when the answer is no longer wanted: after a timeout, at a stop, or with the server. */
  readonly signal: AbortSignal;
  /** Names the conversation of one visitor in one room, without saying who they are. */
  readonly session?: string | undefined;
  /**
   * Reads the newest public update of each topic that a URL pattern selects.
   *
   * @param count - Most updates of one answer. With `each`, as many of one topic.
   */
  readonly newest?: ((pattern: string, count: number, each?: "each") => Promise<readonly HeldUpdate[]>) | undefined;
  /** Says a text in the room later, also if the server restarts meanwhile. */
  readonly later?: ((text: string, delayMs: number) => Promise<LaterOutcome>) | undefined;
}

/** A part of a reply that takes back all parts before it, which were not meant for the room. */
export const TAKE_BACK: unique symbol = Symbol("take back");

/** A part of a reply. An empty text is a sign of life, such as of a model that thinks. */
export type BotPart = string | typeof TAKE_BACK;

/** A whole reply with data that a page may draw. */
export interface BotAnswer {
  readonly text: string;
  readonly card?: ChatCard | undefined;
}

/**
 * A program that takes part in a room. The chat asks one question a room at a time and bounds time
 * and length. The chat also reports a failed answer to the room, so a bot may simply throw.
 */
export interface Bot {
  /**
   * Answers a message with a text, with nothing (`undefined` or an empty text), or with a stream of
   * text. The parts of a stream are shown as they arrive.
   */
  reply(message: BotMessage, context: BotContext): Promise<string | BotAnswer | undefined> | AsyncIterable<BotPart>;
}
