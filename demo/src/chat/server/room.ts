import { Chapters } from "./chapters.ts";
import type { RoomEvent } from "./parse-update.ts";
import { Reactions } from "./reactions.ts";
import type { ChatMessage, ChatReply } from "./wire.ts";

/** Remembered message ids for each kept message, so that late retries are still recognised. */
const IDS_PER_MESSAGE = 4;

/**
 * Most unfinished replies of one room. The bot writes one at a time, so more come only from
 * elsewhere.
 */
const MAX_REPLIES = 4;

/** Removals and muted visitors that a room remembers, of each the last ones. */
const MAX_MODERATED = 1000;

/** The state of one room: a bounded fold of its updates, in which every message counts once. */
export class Room {
  readonly name: string;
  readonly #history: number;
  readonly #messages: ChatMessage[] = [];
  readonly #chapters = new Chapters();
  readonly #reactions = new Reactions();
  readonly #removed = new Set<string>();
  readonly #muted = new Set<string>();
  #total = 0;
  readonly #replies = new Map<string, ChatReply>();
  /** Ids of the committed messages. `true` once the message itself is in the history. */
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
   * Remembers a committed message before the fold has reached it, so that a retry in between is
   * recognised.
   */
  committed(id: string): void {
    if (!this.#ids.has(id)) this.#remember(id, false);
  }

  /** Whether there were messages before those in memory. */
  get hasEarlier(): boolean {
    return this.#total > this.#messages.length;
  }

  get chapters(): Pick<Chapters, "before"> {
    return this.#chapters;
  }

  /** @param after - The event id before the event, if it is known. */
  apply(event: RoomEvent, after?: string): void {
    if (event.kind === "message") this.#addMessage(event.message, after);
    else if (event.kind === "reply") this.#setReply(event.reply);
    else if (event.kind === "removed") this.#remove(event.id);
    else if (event.kind === "reaction") {
      this.#reactions.apply(event.reaction);
      this.#show(event.reaction.id);
    } else {
      this.#muted.delete(event.mute.visitor);
      if (event.mute.muted) keep(this.#muted, event.mute.visitor);
    }
  }

  /** The name tags of the muted visitors. */
  get muted(): ReadonlySet<string> {
    return this.#muted;
  }

  get reactions(): Pick<Reactions, "has"> {
    return this.#reactions;
  }

  /** Whether the owner has removed a message. */
  hasRemoved(id: string): boolean {
    return this.#removed.has(id);
  }

  /**
   * A message as readers may see it: with its reactions, or without its text, if the owner has
   * removed it.
   */
  shown(stored: ChatMessage): ChatMessage {
    const { reactions: _, ...message } = stored;
    if (this.#removed.has(message.id)) return { ...message, text: "", removed: true };
    const reactions = this.#reactions.of(message.id);
    return reactions === undefined ? message : { ...message, reactions };
  }

  /** Brings a message in memory up to date. */
  #show(id: string): void {
    const index = this.#messages.findIndex((message) => message.id === id);
    const message = this.#messages[index];
    if (message !== undefined) this.#messages[index] = this.shown(message);
  }

  #remove(id: string): void {
    keep(this.#removed, id);
    this.#show(id);
    this.#replies.delete(id);
  }

  /** Forgets unfinished replies without a writer, as after a restart of the server. */
  dropReplies(): void {
    this.#replies.clear();
  }

  #addMessage(message: ChatMessage, after: string | undefined): void {
    if (this.#ids.get(message.id) === true) return;
    this.#total += 1;
    this.#chapters.add(message.at, after);
    this.#remember(message.id, true);
    this.#replies.delete(message.id);
    this.#messages.push(this.shown(message));
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

/** Adds to a bounded set, from which the oldest goes. */
function keep(set: Set<string>, value: string): void {
  set.add(value);
  const [oldest] = set;
  if (set.size > MAX_MODERATED && oldest !== undefined) set.delete(oldest);
}
