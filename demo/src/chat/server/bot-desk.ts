import { randomUUID } from "node:crypto";
import type { Bot, BotContext, BotHistoryLine, BotMessage } from "./bots/bot.ts";
import { languageOf } from "./bots/embedded/language.ts";
import type { ChatLimits, ChatLogger } from "./options.ts";
import { collectReply } from "./reply-stream.ts";
import { type ChatMessage, type ChatReply, REPLY_ABANDONED_MS } from "./wire.ts";

export interface BotDeskOptions {
  readonly bot: Bot;
  readonly botName: string;
  readonly streamUrl: string;
  readonly limits: Pick<ChatLimits, "botFirstMs" | "botNextMs" | "botMs" | "botQueue" | "botRooms" | "replyIntervalMs">;
  readonly logger: ChatLogger;
  /** The bot's reach for a visitor in a room. */
  readonly reach: (room: string, visitor: string) => Pick<BotContext, "newest" | "later" | "session">;
  /** Publishes the text of a reply so far. */
  readonly publishReply: (room: string, reply: ChatReply) => Promise<unknown>;
  /** Publishes a message of the bot. */
  readonly publishMessage: (room: string, message: ChatMessage) => Promise<unknown>;
}

/** A message to the bot, with all that an answer needs. */
export interface Question {
  /** The id of the message. */
  readonly id: string;
  readonly message: BotMessage & { readonly visitor: string };
  readonly history: readonly BotHistoryLine[];
}

/** An answer that is being written. */
interface Answering {
  readonly id: string;
  readonly asker: string;
  readonly stop: AbortController;
}

/** The bot's message after a failed answer: honest, and no more than that. */
export const FAILURE_TEXT = {
  en: "I could not think of an answer just now.",
  zh: "我这会儿没想出答案。",
} as const;

/**
 * The bot's queues: one per room, bounded, in order, with one message at a time. No writer waits
 * for the bot.
 */
export class BotDesk {
  readonly #options: BotDeskOptions;
  /** Rooms with work, and their waiting questions. */
  readonly #queues = new Map<string, Question[]>();
  /** The answers that are being written, by room. */
  readonly #answering = new Map<string, Answering>();
  readonly #stop = new AbortController();

  constructor(options: BotDeskOptions) {
    this.#options = options;
  }

  /** Asks for an answer. Does nothing if the room's queue, or the desk, is full. */
  ask(question: Question): void {
    const { logger, limits } = this.#options;
    const { room } = question.message;
    const waiting = this.#queues.get(room);
    if (waiting !== undefined) {
      if (waiting.length < limits.botQueue) waiting.push(question);
      else logger.debug({ room }, "the bot has too many messages to answer in this room");
      return;
    }
    if (this.#queues.size >= limits.botRooms || this.#stop.signal.aborted) {
      logger.warn({ room }, "the bot has too many rooms to answer in");
      return;
    }
    const queue: Question[] = [question];
    this.#queues.set(room, queue);
    void this.#work(room, queue);
  }

  /**
   * Ends the answer that is being written. What was shown of it stays.
   *
   * @param visitor - Only the visitor who asked may end it.
   */
  stop(room: string, id: string, visitor: string): "stopped" | "over" | "foreign" {
    const answering = this.#answering.get(room);
    if (answering?.id !== id) return "over";
    if (answering.asker !== visitor) return "foreign";
    answering.stop.abort(new Error("The visitor stopped the answer."));
    return "stopped";
  }

  close(): void {
    this.#stop.abort(new Error("The server stops."));
    this.#queues.clear();
  }

  async #work(room: string, queue: Question[]): Promise<void> {
    for (let question = queue.shift(); question !== undefined; question = queue.shift()) {
      try {
        await this.#answer(question);
      } catch (error) {
        // Only publishing fails here, and then the hub has logged why.
        if (!this.#stop.signal.aborted) this.#options.logger.warn({ err: error, room }, "an answer of the bot was not published");
      }
      if (this.#stop.signal.aborted) return;
    }
    this.#queues.delete(room);
  }

  async #answer({ id: question, message, history }: Question): Promise<void> {
    const { bot, botName, streamUrl, limits, logger, reach, publishMessage, publishReply } = this.#options;
    const { room, visitor: asker } = message;
    const id = `bot-${randomUUID()}`;
    const stop = new AbortController();
    this.#answering.set(room, { id, asker, stop });
    const writing = new Writing(limits.replyIntervalMs, (text) => publishReply(room, { id, nickname: botName, text, done: false, asker }));
    const context = { botName, streamUrl, history, signal: this.#stop.signal, ...reach(room, asker) };
    let answer: Pick<ChatMessage, "cut" | "card"> & { readonly text: string | undefined };
    try {
      const { text, card, failure } = await collectReply(bot, message, context, limits, (soFar) => writing.show(soFar), stop.signal);
      answer = { text, ...(card === undefined ? {} : { card }), ...(failure === undefined ? {} : { cut: cutBy(stop) }) };
      if (failure !== undefined && !stop.signal.aborted) logger.warn({ err: failure, room }, "an answer of the bot was cut off");
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (stop.signal.aborted) answer = { text: undefined };
      else {
        logger.warn({ err: error, room }, "the bot failed to answer");
        answer = { text: FAILURE_TEXT[languageOf(message.text) === "zh" ? "zh" : "en"], cut: "failed" };
      }
    } finally {
      this.#answering.delete(room);
      await writing.stop();
    }
    const { text, ...parts } = answer;
    if (text !== undefined) {
      await publishMessage(room, { id, nickname: botName, text, at: Date.now(), bot: true, question, asker, ...parts });
    } else if (writing.shown) {
      await publishReply(room, { id, nickname: botName, text: "", done: true });
    }
  }
}

function cutBy(stop: AbortController): "failed" | "stopped" {
  return stop.signal.aborted ? "stopped" : "failed";
}

/**
 * How long an unchanged text stays shown before it is published again, in milliseconds. Later,
 * pages take the text for abandoned.
 */
const SHOW_AGAIN_MS = REPLY_ABANDONED_MS / 2;

/**
 * Shows a growing text, at most once in an interval. The first time, without text, announces that
 * somebody is writing.
 */
class Writing {
  readonly #publish: (text: string) => Promise<unknown>;
  readonly #timer: ReturnType<typeof setInterval>;
  #text = "";
  #published: string | undefined;
  #publishedAt = 0;
  #underWay: Promise<unknown> | undefined;

  constructor(intervalMs: number, publish: (text: string) => Promise<unknown>) {
    this.#publish = publish;
    this.#timer = setInterval(() => this.#flush(), intervalMs);
  }

  get shown(): boolean {
    return this.#published !== undefined;
  }

  show(text: string): void {
    this.#text = text;
  }

  /** Resolves when nothing is pending, so that the next publication comes after it. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#underWay;
  }

  #flush(): void {
    const now = performance.now();
    if (this.#underWay !== undefined || (this.#text === this.#published && now - this.#publishedAt < SHOW_AGAIN_MS)) return;
    this.#published = this.#text;
    this.#publishedAt = now;
    this.#underWay = this.#publish(this.#text)
      // A failed part is covered by the next, or by the message.
      .catch(() => {})
      .finally(() => {
        this.#underWay = undefined;
      });
  }
}
