import { ClientError, connectTopics, type LiveTopics } from "artesian-client";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { describeFailure, PAGE_OPTIONS, watchConnection } from "artesian-ui/live-connection.ts";
import { parsePresence, parseUpdate } from "../server/parse-update.ts";
import {
  type BotRequest,
  CHAT_TYPES,
  type ChatMessage,
  type ChatPresence,
  type ChatReply,
  type ChatState,
  type ChatVisitor,
  hereTopic,
  type Moderation,
  REPLY_ABANDONED_MS,
  type ReactionRequest,
  type ReplyTo,
  roomTopic,
  type SeenRoom,
} from "../server/wire.ts";
import { RoomAccess } from "./access.ts";
import { fetchEarlier, fetchState, fetchUnread, moderate, sendBotRequest, sendReaction, sendTyping } from "./chat-api.ts";
import { mentionPattern } from "./mentions/mentions.ts";
import { wantsNotice } from "./mentions/wants-notice.ts";
import { MessageLog } from "./message-log.ts";
import { Outbox, type OutboxItem } from "./outbox.ts";
import { dropOwnerSecret, ownerSecret } from "./owner.ts";
import { perFrame } from "./per-frame.ts";
import { seeRoom } from "./seen-rooms.ts";
import { Typists } from "./typists.ts";

const LOAD_BACKOFF_MS = { min: 700, max: 8000 };

/** The page's state. */
export interface RoomView {
  /** Whether the history has arrived. */
  readonly loaded: boolean;
  readonly connection: Connection;
  readonly messages: readonly ChatMessage[];
  /** Whether there are messages before these: `failed` after an attempt to fetch them. */
  readonly earlier: "none" | "some" | "fetching" | "failed";
  readonly replies: readonly ChatReply[];
  readonly outbox: readonly OutboxItem[];
  /** The others who type. */
  readonly typing: readonly ChatVisitor[];
  readonly presence: ChatPresence;
  /** The name tags of muted visitors. */
  readonly muted: ReadonlySet<string>;
  /** Whether this page's reader may moderate. */
  readonly isOwner: boolean;
  readonly botName: string | undefined;
  /** The public name tag of this browser's visitor. Undefined before the first token. */
  readonly you: string | undefined;
}

export interface RoomStoreOptions {
  readonly room: string;
  /** Without a nickname, the visitor can only read. */
  readonly nickname: string | undefined;
}

/**
 * One room as this page knows it: the server's state and every later update. The stream begins at
 * the event id of the state, so there is no seam between the two.
 */
export class RoomStore {
  readonly #room: string;
  readonly #access: RoomAccess;
  readonly #outbox: Outbox;
  readonly #log = new MessageLog();
  readonly #typists = new Typists(() => this.#set({ typing: this.#typists.people }));
  readonly #tell = perFrame(() => {
    for (const listener of this.#listeners) listener();
  });
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  readonly #replyTimers = new Map<string, ReturnType<typeof setTimeout>>();
  #owner = ownerSecret();
  #nickname: string | undefined;
  #live: LiveTopics | undefined;
  /** Ends the announcement of the visitor's presence. */
  #leave: () => void = () => {};
  /** Path of the hub's URL. */
  #hub = "";
  #view: RoomView;

  constructor({ room, nickname }: RoomStoreOptions) {
    this.#room = room;
    this.#access = new RoomAccess(room, (visitor) => this.#onVisitor(visitor));
    this.#nickname = nickname;
    this.#outbox = new Outbox({ room, tokens: this.#access, onChange: () => this.#set({ outbox: this.#outbox.items }) });
    this.#view = {
      loaded: false,
      connection: { state: "connecting" },
      messages: [],
      earlier: "none",
      replies: [],
      outbox: this.#outbox.items,
      typing: [],
      presence: { visitors: [], total: 0 },
      muted: new Set(),
      isOwner: this.#owner !== undefined,
      botName: undefined,
      you: undefined,
    };
    void this.#open();
  }

  get view(): RoomView {
    const { messages } = this.#log;
    if (this.#view.messages !== messages) {
      const { earlier } = this.#view;
      this.#view = { ...this.#view, messages, earlier: earlier === "none" && this.#log.hasDropped ? "some" : earlier };
    }
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Enters the room under a nickname, or changes the nickname. The stream is reopened and resumes.
   */
  enter(nickname: string): void {
    this.#nickname = nickname;
    this.#announce();
  }

  /** @returns Whether the message was accepted for sending. */
  send(text: string, replyTo?: ReplyTo): boolean {
    this.#typists.sent();
    return this.#nickname !== undefined && this.#outbox.send(this.#nickname, text, replyTo);
  }

  /** Tells the others that the visitor types, not at each key. */
  type(): void {
    if (this.#nickname === undefined || this.#view.presence.total < 2 || !this.#typists.mayTell()) return;
    void sendTyping(this.#room, this.#nickname, this.#access);
  }

  retry(id: string): void {
    if (this.#nickname !== undefined) this.#outbox.retry(id, this.#nickname);
  }

  /** Cancels an unsent message. */
  discard(id: string): void {
    this.#outbox.remove(id);
  }

  /** The visitor's wish for an answer that they asked for. */
  readonly request = (request: BotRequest): Promise<boolean> => sendBotRequest(this.#room, request, this.#access);

  /** Gives a reaction to a message, or takes it back. */
  readonly react = (reaction: ReactionRequest): Promise<boolean> => sendReaction(this.#room, reaction, this.#access);

  /** Follows a public topic on the room's own stream. */
  readonly follow = (topic: string, listener: (type: string, data: string) => void): (() => void) =>
    this.#live?.topic(topic).on("*", ({ type, data }) => listener(type, data)) ?? (() => undefined);

  /**
   * Fetches some messages before the first, or all back to a time, as many as the page can hold.
   *
   * @returns The id of the first message then, which the view has soon.
   */
  async fetchEarlier(since?: number): Promise<string | undefined> {
    if (this.#view.earlier !== "none" && this.#view.earlier !== "fetching") await this.#fetchEarlier(since);
    return this.#log.messages[0]?.id;
  }

  async #fetchEarlier(since: number | undefined): Promise<void> {
    this.#set({ earlier: "fetching" });
    try {
      this.#log.keepFor(false);
      let hasEarlier = true;
      for (let goesOn = true; goesOn;) {
        const [first] = this.#log.messages;
        if (first === undefined || !this.#log.hasSpace || first.at <= (since ?? -Infinity)) break;
        const page = await fetchEarlier(this.#room, first, this.#access);
        this.#log.prepend(page.messages);
        hasEarlier = page.earlier && page.messages.length > 0;
        this.#log.hasDropped = hasEarlier;
        goesOn = hasEarlier && since !== undefined;
      }
      this.#set({ earlier: hasEarlier ? "some" : "none" });
    } catch {
      // The page shows the failure, and the reader may try again.
      this.#set({ earlier: "failed" });
    }
  }

  /** Removes a message, or mutes a visitor. The page follows the server, as all others do. */
  readonly moderate = async (wish: Moderation): Promise<void> => {
    if (this.#owner === undefined) return;
    try {
      await moderate(this.#room, wish, this.#owner);
    } catch (error) {
      if (!(error instanceof ClientError) || error.status !== 403) return;
      dropOwnerSecret();
      this.#owner = undefined;
      this.#set({ isOwner: false });
    }
  };

  /** Counts the unread messages of other rooms. */
  readonly unread = (seen: readonly SeenRoom[]): Promise<Readonly<Record<string, number>>> => fetchUnread(this.#room, seen, this.#access);

  /** Tells whether the reader is at the end. */
  read(isAtEnd: boolean): void {
    const { messages } = this.#log;
    if (isAtEnd && !document.hidden && this.#view.loaded) seeRoom(this.#room, messages.at(-1)?.id);
    this.#log.keepFor(isAtEnd);
    if (this.#log.messages !== messages) this.#tell();
  }

  close(): void {
    this.#stop.abort();
    this.#outbox.close();
    this.#typists.close();
    this.#live?.close();
    for (const timer of this.#replyTimers.values()) clearTimeout(timer);
  }

  async #open(): Promise<void> {
    const state = await this.#load();
    if (state === undefined) return;
    this.#hub = state.hub;
    this.#listen(state.lastEventId);
  }

  /** Requests the room's state until it arrives. */
  async #load(): Promise<ChatState | undefined> {
    let delayMs = LOAD_BACKOFF_MS.min;
    const since = Date.now();
    while (!this.#stop.signal.aborted) {
      const before = this.#log.messages;
      try {
        const state = await fetchState(this.#room, this.#access);
        if (this.#stop.signal.aborted) return undefined;
        this.#merge(state, before);
        return state;
      } catch (error) {
        // The server is away, or refuses access. The badge shows that, and the next attempt starts
        // by itself.
        if (this.#live === undefined) this.#set({ connection: { ...describeFailure(error, since), since } });
        const askedMs = error instanceof ClientError ? (error.retryAfterMs ?? 0) : 0;
        await new Promise((resolve) => setTimeout(resolve, Math.max(askedMs, delayMs)));
        delayMs = Math.min(LOAD_BACKOFF_MS.max, delayMs * 2);
      }
    }
    return undefined;
  }

  /** Merges the server's state without losing updates that the stream brought meanwhile. */
  #merge(state: ChatState, before: readonly ChatMessage[]): void {
    this.#log.merge(state.messages, before);
    this.#set({
      loaded: true,
      earlier: state.earlier || this.#log.hasDropped ? "some" : "none",
      presence: { visitors: state.visitors, total: state.total },
      muted: new Set(state.muted),
      botName: state.botName,
    });
    seeRoom(this.#room);
    for (const { id } of state.messages) this.#outbox.remove(id);
    for (const reply of state.replies) this.#onReply(reply);
  }

  #listen(lastEventId: string): void {
    const live = connectTopics("/events/stream", {
      ...PAGE_OPTIONS,
      // A hidden page must go on, to tell of a mention.
      ...(wantsNotice() ? { pauseHiddenMs: undefined } : {}),
      token: this.#access.next,
      renewUrl: this.#hub,
      lastEventId,
    });
    this.#live = live;
    live.topic(roomTopic(this.#room)).on("*", ({ type, data }) => this.#onEvent(type, data));
    // Updates that are missing here are missing in the stream. The server may still have them in
    // the room's state.
    live.onGap(() => void this.#load());
    this.#announce();
    watchConnection(live, (connection) => {
      if (connection.state === "live") this.#outbox.wake();
      this.#set({ connection });
    });
  }

  /** Announces the visitor's presence, by the subscription to a topic. */
  #announce(): void {
    const { you } = this.#view;
    this.#leave();
    if (this.#nickname === undefined || you === undefined || this.#live === undefined) return;
    this.#leave = this.#live.topic(hereTopic(this.#room, you, this.#nickname)).on("*", () => undefined);
  }

  /**
   * A different visitor if the browser has lost its cookie. The stream must then be opened in the
   * new name, and begins after the room's state.
   */
  #onVisitor(you: string): void {
    if (this.#view.you === you) return;
    this.#set({ you });
    this.#outbox.enter(you);
    this.reopen();
  }

  /** Opens the stream again, with the reader's present choices. */
  reopen(): void {
    if (this.#live === undefined) return;
    this.#live.close();
    this.#live = undefined;
    void this.#open();
  }

  #onEvent(type: string, data: string): void {
    if (type === CHAT_TYPES.presence) {
      const presence = parsePresence(data);
      if (presence !== undefined) this.#set({ presence });
      return;
    }
    if (type === CHAT_TYPES.typing) {
      const [typist] = parsePresence(data)?.visitors ?? [];
      if (typist !== undefined && typist.visitor !== this.#view.you) this.#typists.add(typist);
      return;
    }
    const event = parseUpdate(type, data);
    if (event?.kind === "message") this.#onMessage(event.message);
    else if (event?.kind === "reply") this.#onReply(event.reply);
    else if (event?.kind === "removed") {
      this.#endReply(event.id);
      this.#log.remove(event.id);
      this.#tell();
    } else if (event?.kind === "reaction") {
      this.#log.react(event.reaction);
      this.#tell();
    } else if (event?.kind === "muted") {
      const { visitor, muted } = event.mute;
      const others = [...this.#view.muted].filter((other) => other !== visitor);
      this.#set({ muted: new Set(muted ? [...others, visitor] : others) });
    }
  }

  #onMessage(message: ChatMessage): void {
    this.#endReply(message.id);
    this.#outbox.remove(message.id);
    this.#typists.remove(message.visitor);
    if (!this.#log.add(message)) return;
    this.#tell();
    if (!document.hidden || !wantsNotice() || message.visitor === this.#view.you) return;
    if (this.#nickname !== undefined && mentionPattern([this.#nickname])?.test(message.text) === true)
      void import("./mentions/notice.ts").then(({ showNotice }) => showNotice(this.#room, message));
  }

  #onReply(reply: ChatReply): void {
    if (reply.done || this.#log.has(reply.id)) {
      this.#endReply(reply.id);
      return;
    }
    clearTimeout(this.#replyTimers.get(reply.id));
    // The reply's writer may have gone down with the server.
    this.#replyTimers.set(
      reply.id,
      setTimeout(() => this.#endReply(reply.id), REPLY_ABANDONED_MS),
    );
    const others = this.#view.replies.filter(({ id }) => id !== reply.id);
    this.#set({ replies: [...others, reply] });
  }

  #endReply(id: string): void {
    clearTimeout(this.#replyTimers.get(id));
    this.#replyTimers.delete(id);
    if (this.#view.replies.some((reply) => reply.id === id)) this.#set({ replies: this.#view.replies.filter((reply) => reply.id !== id) });
  }

  #set(change: Partial<RoomView>): void {
    this.#view = { ...this.#view, ...change };
    this.#tell();
  }
}
