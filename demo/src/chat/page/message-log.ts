import { withReaction } from "../server/reactions.ts";
import type { ChatMessage, ChatReaction } from "../server/wire.ts";

/** Messages that a page at the end of the room keeps. */
const AT_END = 500;
/** Most messages of a page that has gone back. */
const GONE_BACK = 5000;
/** Messages that are dropped at once, so that most new messages drop none. */
const CHUNK = 50;

/** The newest messages of a room in order, each once. */
export class MessageLog {
  #messages: ChatMessage[] = [];
  #ids = new Set<string>();
  #limit = AT_END;
  /** Whether the page has had messages before the first. */
  hasDropped = false;
  #view: readonly ChatMessage[] | undefined = [];

  /** The messages. The list does not change, and is the same until there is another message. */
  get messages(): readonly ChatMessage[] {
    return (this.#view ??= [...this.#messages]);
  }

  /** Whether a page that has gone back may fetch more. */
  get hasSpace(): boolean {
    return this.#messages.length < GONE_BACK;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** @returns Whether the message is new. */
  add(message: ChatMessage): boolean {
    if (this.#ids.has(message.id)) return false;
    this.#messages.push(message);
    this.#ids.add(message.id);
    this.#trim(CHUNK);
    this.#view = undefined;
    return true;
  }

  /** Puts the server's newest messages in, and keeps all others. */
  merge(theirs: readonly ChatMessage[], before: readonly ChatMessage[]): void {
    const known = new Set([...theirs, ...before].map(({ id }) => id));
    const inState = new Set(theirs.map(({ id }) => id));
    this.#set([...before.filter(({ id }) => !inState.has(id)), ...theirs, ...this.#messages.filter(({ id }) => !known.has(id))]);
  }

  /** Takes a message's text away. */
  remove(id: string): void {
    this.#change(id, () => ({ text: "", removed: true }));
  }

  react(reaction: ChatReaction): void {
    this.#change(reaction.id, ({ reactions }) => ({ reactions: withReaction(reactions, reaction) }));
  }

  #change(id: string, change: (message: ChatMessage) => Partial<ChatMessage>): void {
    const index = this.#messages.findIndex((message) => message.id === id);
    const message = this.#messages[index];
    if (message === undefined) return;
    this.#messages[index] = { ...message, ...change(message) };
    this.#view = undefined;
  }

  /** Puts messages before the first. */
  prepend(earlier: readonly ChatMessage[]): void {
    this.#set([...earlier.filter(({ id }) => !this.#ids.has(id)), ...this.#messages]);
  }

  /** Keeps more while the reader is above the end, where a dropped message would move the others. */
  keepFor(isAtEnd: boolean): void {
    const before = this.#limit;
    this.#limit = isAtEnd ? AT_END : GONE_BACK;
    if (this.#limit < before) this.#set(this.#messages);
  }

  #set(messages: ChatMessage[]): void {
    this.#messages = messages;
    this.#ids = new Set(messages.map(({ id }) => id));
    this.#trim(0);
    this.#view = undefined;
  }

  #trim(spare: number): void {
    if (this.#messages.length <= this.#limit + spare) return;
    this.hasDropped = true;
    for (const { id } of this.#messages.splice(0, this.#messages.length - this.#limit)) this.#ids.delete(id);
  }
}
