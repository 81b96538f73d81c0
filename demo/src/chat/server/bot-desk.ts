import { randomUUID } from "node:crypto";
import type { Bot, BotHistoryLine, BotMessage } from "./bots/bot.ts";
import type { ChatLimits, ChatLogger } from "./options.ts";
import { collectReply } from "./reply-stream.ts";
import { type ChatMessage, type ChatReply, REPLY_ABANDONED_MS } from "./wire.ts";

export interface BotDeskOptions {
  readonly bot: Bot;
  readonly botName: string;
  readonly streamUrl: string;
  readonly limits: Pick<ChatLimits, "botFirstMs" | "botNextMs" | "botMs" | "botQueue" | "botRooms" | "replyIntervalMs">;
  readonly logger: ChatLogger;
  /** Publishes the text of a reply so far. */
  readonly publishReply: (room: string, reply: ChatReply) => Promise<unknown>;
  /** Publishes a message of the bot. */
  readonly publishMessage: (room: string, message: ChatMessage) => Promise<unknown>;
}

interface Question {
  readonly message: BotMessage;
  readonly history: readonly BotHistoryLine[];
}

/** The bot's message after a failed answer: honest, and no more than that. */
export const FAILURE_TEXT = "I could not think of an answer just now.";

/**
 * The bot's queues: one per room, bounded, in order, with one message at a time. No writer waits
 * for the bot.
 */
export class BotDesk {
  readonly #options: BotDeskOptions;
  /** Rooms with work, and their waiting questions. */
  readonly #queues = new Map<string, Question[]>();
  readonly #stop = new AbortController();

  constructor(options: BotDeskOptions) {
    this.#options = options;
  }

  /** Asks for an answer. Does nothing if the room's queue, or the desk, is full. */
  ask(message: BotMessage, history: readonly BotHistoryLine[]): void {
    const { logger, limits } = this.#options;
    const waiting = this.#queues.get(message.room);
    if (waiting !== undefined) {
      if (waiting.length < limits.botQueue) waiting.push({ message, history });
      else logger.debug({ room: message.room }, "the bot has too many messages to answer in this room");
      return;
    }
    if (this.#queues.size >= limits.botRooms || this.#stop.signal.aborted) {
      logger.warn({ room: message.room }, "the bot has too many rooms to answer in");
      return;
    }
    const queue: Question[] = [{ message, history }];
    this.#queues.set(message.room, queue);
    void this.#work(message.room, queue);
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

  async #answer({ message, history }: Question): Promise<void> {
    const { bot, botName, streamUrl, limits, logger, publishMessage, publishReply } = this.#options;
    const id = `bot-${randomUUID()}`;
    const writing = new Writing(limits.replyIntervalMs, (text) => publishReply(message.room, { id, nickname: botName, text, done: false }));
    const context = { botName, streamUrl, history, signal: this.#stop.signal };
    let text: string | undefined;
    try {
      const reply = await collectReply(bot, message, context, limits, (soFar) => writing.show(soFar));
      text = reply.text;
      if (reply.failure !== undefined) logger.warn({ err: reply.failure, room: message.room }, "an answer of the bot was cut off");
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      logger.warn({ err: error, room: message.room }, "the bot failed to answer");
      text = FAILURE_TEXT;
    } finally {
      await writing.stop();
    }
    if (text !== undefined) {
      await publishMessage(message.room, { id, nickname: botName, text, at: Date.now(), bot: true });
    } else if (writing.shown) {
      await publishReply(message.room, { id, nickname: botName, text: "", done: true });
    }
  }
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
