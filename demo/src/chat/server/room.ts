import type { RoomEvent } from "./parse-update.ts";
import type { ChatMessage, ChatReply } from "./wire.ts";

/** How many message ids are remembered for each message that is kept, so that late retries are still recognised. */
const IDS_PER_MESSAGE = 4;

/** Most unfinished replies of one room; the bot writes one at a time, more come only from elsewhere. */
const MAX_REPLIES = 4;

/** What is kept of one room: a bounded fold of its updates, in which every message counts once. */
export class Room {
  readonly name: string;
  readonly #history: number;
  readonly #messages: ChatMessage[] = [];
  readonly #replies = new Map<string, ChatReply>();
  /** Ids of the messages that are committed; `true` once the message itself is in the history. */
  readonly #ids = new Map<string, boolean>();

  constructor(name: string, history: number) {
    this.name = name;
    this.#history = history;
  }

  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  get replies(): readonly ChatReply[] {
    return [...this.#replies.values()];
  }

  /** Whether a message with this id is in the journal. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /**
   * Remembers that a message was committed before the fold has come to it: a retry that arrives in between must
   * find it.
   */
  committed(id: string): void {
    if (!this.#ids.has(id)) this.#remember(id, false);
  }

  apply(event: RoomEvent): void {
    if (event.kind === "message") this.#addMessage(event.message);
    else this.#setReply(event.reply);
  }

  /** Forgets replies that nobody is writing any more, as after a restart of the server. */
  dropReplies(): void {
    this.#replies.clear();
  }

  #addMessage(message: ChatMessage): void {
    if (this.#ids.get(message.id) === true) return;
    this.#remember(message.id, true);
    this.#replies.delete(message.id);
    this.#messages.push(message);
    if (this.#messages.length > this.#history) this.#messages.shift();
  }

  #setReply(reply: ChatReply): void {
    // Deleted first, so that the map stays in the order of the last change.
    this.#replies.delete(reply.id);
    if (reply.done || this.#ids.get(reply.id) === true) return;
    this.#replies.set(reply.id, reply);
    if (this.#replies.size > MAX_REPLIES) {
      const [oldest] = this.#replies.keys();
      if (oldest !== undefined) this.#replies.delete(oldest);
    }
  }

  #remember(id: string, inHistory: boolean): void {
    this.#ids.set(id, inHistory);
    if (this.#ids.size > this.#history * IDS_PER_MESSAGE) {
      const [oldest] = this.#ids.keys();
      if (oldest !== undefined) this.#ids.delete(oldest);
    }
  }
}
