import { HubError } from "artesian";
import { addressKey } from "artesian/http";
import { addressedText } from "./address-bot.ts";
import { accepted, done, refuse } from "./answers.ts";
import { BotDesk } from "./bot-desk.ts";
import { newestUpdates, sayLater, sessionOf } from "./bot-reach.ts";
import type { Language } from "./bots/bot.ts";
import { parsePath } from "./chat-path.ts";
import { checkNickname } from "./names.ts";
import { type ChatLimits, type ChatLogger, type ChatOptions, checkCount, DEFAULT_CHAT_LIMITS, SILENT } from "./options.ts";
import { Owner, type OwnersWish } from "./owner.ts";
import { Presence } from "./presence.ts";
import { problem, tooMany } from "./problem.ts";
import { languageOfBrowser, readBotRequest, readMessage, readReaction, readTyping, type SentMessage } from "./read-message.ts";
import type { Room } from "./room.ts";
import { RoomTokens } from "./room-tokens.ts";
import { Rooms, RoomsBusyError } from "./rooms.ts";
import { TokenDesk } from "./token-desk.ts";
import { TokenBuckets } from "./token-buckets.ts";
import { Typing } from "./typing.ts";
import { countUnread, readSeenRooms } from "./unread.ts";
import {
  CHAT_TYPES,
  type ChatMessage,
  type ChatPage,
  type ChatPresence,
  type ChatReaction,
  type ChatReply,
  type ChatState,
  roomTopic,
  TYPING_MS,
} from "./wire.ts";

/** Lines of the conversation that the bot is given. */
const BOT_HISTORY = 20;

/** The chat rooms' server part. */
export interface Chat {
  /**
   * Whether a path is one of the chat's own: `/chat/ROOM/` and `token`, `state`, `messages`,
   * `history`, `unread`, `typing`, `reactions`, `moderation` or `bot`. The pages serve the rest.
   */
  handles(pathname: string): boolean;
  /**
   * Answers a request to one of the chat's paths.
   *
   * @param clientAddress - The sender's address, for the rate limit. Without it, only visitors are
   *   limited.
   */
  fetch(request: Request, clientAddress?: string): Promise<Response>;
  /** Stops following the hub and answering as the bot. Call this before the hub's `close`. */
  close(): Promise<void>;
}

/**
 * Makes the chat rooms of one hub. All of their data is in the hub's journal, from which the rooms
 * are folded at the start.
 *
 * @throws TypeError when an option is out of range.
 */
export function createChat(options: ChatOptions): Chat {
  return new ChatServer(options);
}

class ChatServer implements Chat {
  readonly #options: ChatOptions;
  readonly #limits: ChatLimits;
  readonly #logger: ChatLogger;
  readonly #botName: string | undefined;
  readonly #owner: Owner;
  readonly #tokens: RoomTokens;
  readonly #tokenDesk: TokenDesk;
  readonly #rooms: Rooms;
  readonly #presence: Presence;
  readonly #desk: BotDesk | undefined;
  readonly #visitorRates: TokenBuckets;
  readonly #addressRates: TokenBuckets;
  readonly #pageRates: TokenBuckets;
  readonly #typing: Typing;
  /**
   * Messages on their way into the journal, by room and id. A retry waits for the first attempt's
   * outcome.
   */
  readonly #inFlight = new Map<string, Promise<void>>();

  constructor(options: ChatOptions) {
    const {
      hub,
      key,
      audience = hub.url,
      tokenLifetimeSeconds = 300,
      bot,
      botName = "artie",
      historyPerRoom = 200,
      rooms = 1000,
      mayTell = () => true,
    } = options;
    checkCount("historyPerRoom", historyPerRoom);
    checkCount("rooms", rooms);
    checkCount("tokenLifetimeSeconds", tokenLifetimeSeconds, 5);
    const checkedName = checkNickname(botName, undefined);
    if (!checkedName.ok) throw new TypeError(`createChat: botName: ${checkedName.detail}`);
    const limits = { ...DEFAULT_CHAT_LIMITS, ...options.limits };
    if (options.ownerSecret !== undefined && options.ownerSecret.length < 16) {
      throw new TypeError("createChat: ownerSecret has at least 16 characters.");
    }
    this.#options = options;
    this.#owner = new Owner(options.ownerSecret);
    this.#limits = limits;
    this.#logger = options.logger ?? SILENT;
    this.#botName = bot === undefined ? undefined : botName;
    this.#visitorRates = new TokenBuckets(limits.perVisitor, limits.rateKeys);
    this.#addressRates = new TokenBuckets(limits.perAddress, limits.rateKeys);
    this.#pageRates = new TokenBuckets(limits.pagesPerVisitor, limits.rateKeys);
    this.#typing = new Typing(limits);
    this.#tokens = new RoomTokens({ key, audience, lifetimeSeconds: tokenLifetimeSeconds, hub });
    this.#tokenDesk = new TokenDesk({ tokens: this.#tokens, url: hub.url, limits });
    this.#rooms = new Rooms({ hub, logger: this.#logger, history: historyPerRoom, rooms });
    this.#presence = new Presence({
      hub,
      issuer: key.issuer,
      botName: this.#botName,
      debounceMs: limits.presenceDebounceMs,
      graceMs: limits.presenceGraceMs,
      listed: limits.visitorsListed,
      visitors: limits.visitors,
      onChange: (room, presence) => {
        this.#publish(room, "presence", presence).catch((error: unknown) => {
          this.#logger.warn({ err: error, room }, "who is in the room was not published");
        });
      },
    });
    if (bot !== undefined) {
      this.#desk = new BotDesk({
        bot,
        botName,
        reach: (room, visitor) => ({
          session: sessionOf(room, visitor),
          newest: async (pattern, count, each) => {
            const updates = await newestUpdates(hub, pattern, count, each);
            return updates.filter(({ topic }) => mayTell(topic));
          },
          later: async (text, delayMs) => {
            const outcome = await sayLater(hub, { room, nickname: botName, text, delayMs, most: limits.reminders });
            if (outcome !== "kept") this.#logger.warn({ room, outcome }, "the bot did not take a reminder");
            return outcome;
          },
        }),
        streamUrl: new URL("/events/stream", hub.url).href,
        limits,
        logger: this.#logger,
        publishReply: (room, reply) => this.#publish(room, "reply", reply),
        publishMessage: (room, message) => this.#publish(room, "chat", message),
      });
    }
  }

  handles(pathname: string): boolean {
    return parsePath(pathname) !== undefined;
  }

  async fetch(request: Request, clientAddress?: string): Promise<Response> {
    const path = parsePath(new URL(request.url).pathname);
    // Undefined for the loopback. A local client could do worse, and a local proxy speaks for
    // everyone.
    const address = clientAddress === undefined ? undefined : addressKey(clientAddress);
    if (path === undefined) {
      return problem(
        "not_found",
        "A room answers at /chat/ROOM/token, /chat/ROOM/state, /chat/ROOM/messages, /chat/ROOM/history, /chat/ROOM/unread and /chat/ROOM/bot; its name is 1 to 40 letters and digits of any script, in lower case, with hyphens between them.",
      );
    }
    try {
      if (path.resource === "token") return await this.#tokenDesk.answer(request, path.room, address);
      const isRead = ["state", "history", "unread"].includes(path.resource);
      if (isRead && request.method !== "GET" && request.method !== "HEAD") {
        return problem("method_not_allowed", "Read the room with GET.", { Allow: "GET, HEAD" });
      }
      if (!isRead && request.method !== "POST") {
        return problem("method_not_allowed", "Messages, wishes and moderation are sent with POST.", { Allow: "POST" });
      }
      if (path.resource === "moderation") return await this.#moderate(request, path.room);
      const bearer = await this.#tokens.visitorOf(request, path.room);
      if (typeof bearer === "string") return refuse(bearer, path.room);
      if (path.resource === "state") return await this.#state(path.room);
      if (path.resource === "bot") return await this.#bot(request, path.room, bearer.visitor, address);
      if (path.resource === "reactions") return await this.#react(request, path.room, bearer.visitor, address);
      if (path.resource === "typing") return await this.#type(request, path.room, bearer.visitor);
      if (path.resource === "history") return await this.#history(new URL(request.url), path.room, bearer.visitor);
      if (path.resource === "unread") return await this.#unread(new URL(request.url), path.room, bearer.visitor);
      return await this.#send(request, path.room, bearer.visitor, address);
    } catch (error) {
      if (error instanceof RoomsBusyError || error instanceof HubError || error instanceof NotReadyError) {
        this.#logger.warn({ err: error, room: path.room }, "the chat could not answer");
        return problem("unavailable", "The room is not available right now. Try again.", { "Retry-After": "1" });
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#desk?.close();
    this.#presence.close();
    await this.#rooms.close();
    await Promise.allSettled(this.#inFlight.values());
  }

  async #state(name: string): Promise<Response> {
    const room = await this.#room(name);
    const state: ChatState = {
      ...this.#presence.in(name),
      messages: room.messages,
      earlier: room.hasEarlier,
      replies: room.replies,
      muted: [...room.muted],
      lastEventId: this.#rooms.lastEventId,
      hub: new URL(this.#options.hub.url).pathname,
      ...(this.#botName === undefined ? {} : { botName: this.#botName }),
    };
    return Response.json(state, { headers: { "Cache-Control": "no-store" } });
  }

  /** Answers with the messages before one of the room. */
  async #history({ searchParams }: URL, name: string, visitor: string): Promise<Response> {
    const id = searchParams.get("before") ?? "";
    const at = Number(searchParams.get("at") ?? Number.NaN);
    if (id === "" || !Number.isFinite(at)) {
      return problem("invalid_query", "Name the message by its id in `before` and its time in `at`.");
    }
    const waitMs = this.#pageRates.take(visitor);
    if (waitMs > 0) return tooMany("too_many_pages", "then ask for the messages again", waitMs);
    await this.#room(name);
    const page: ChatPage = await this.#rooms.before(name, { id, at }, this.#limits.messagesPerPage);
    return Response.json(page, { headers: { "Cache-Control": "no-store" } });
  }

  /** Counts the unread messages of the visitor's rooms. Anybody may read any room, so one room's token is enough. */
  async #unread(url: URL, name: string, visitor: string): Promise<Response> {
    const seen = readSeenRooms(url);
    if (seen instanceof Response) return seen;
    const waitMs = this.#pageRates.take(visitor);
    if (waitMs > 0) return tooMany("too_many_pages", "then count again", waitMs);
    await this.#room(name);
    return Response.json(countUnread(seen, this.#rooms, visitor), { headers: { "Cache-Control": "no-store" } });
  }

  /** Does the owner's wish, so that all pages follow. */
  async #moderate(request: Request, name: string): Promise<Response> {
    const wish = await this.#owner.read(request, this.#limits.bodyBytes);
    if (wish instanceof Response) return wish;
    await this.#room(name);
    await this.#publish(name, wish.type, wish.data);
    return done();
  }

  async #send(request: Request, name: string, visitor: string, address: string | undefined): Promise<Response> {
    const sent = await readMessage(request, this.#limits.bodyBytes, this.#botName);
    if (sent instanceof Response) return sent;
    const room = await this.#room(name);
    const key = `${name} ${sent.id}`;
    const inFlight = this.#inFlight.get(key);
    if (inFlight !== undefined) {
      await inFlight;
      return accepted(sent.id, visitor, true);
    }
    if (room.has(sent.id)) return accepted(sent.id, visitor, true);
    if (room.muted.has(visitor)) return problem("muted", MUTED);
    const waitMs = this.#waitMs(visitor, address);
    if (waitMs > 0) return tooMany("too_many_messages", "then send the message again", waitMs);
    const publishing = this.#take(room, sent, visitor, languageOfBrowser(request));
    this.#inFlight.set(key, publishing);
    try {
      await publishing;
    } finally {
      this.#inFlight.delete(key);
    }
    return accepted(sent.id, visitor, false);
  }

  /** Takes a message from the rates. @returns How long to wait if there is none, in milliseconds. */
  #waitMs(visitor: string, address: string | undefined): number {
    return Math.max(this.#visitorRates.take(visitor), address === undefined ? 0 : this.#addressRates.take(address));
  }

  /** Does the wish of the visitor who asked the bot: the answer stops, or comes again. */
  async #bot(request: Request, name: string, visitor: string, address: string | undefined): Promise<Response> {
    const wanted = await readBotRequest(request, this.#limits.bodyBytes);
    if (wanted instanceof Response) return wanted;
    const { id, action } = wanted;
    if (action === "stop") {
      const outcome = this.#desk?.stop(name, id, visitor) ?? "over";
      if (outcome === "foreign") return problem("insufficient_scope", "Only the visitor who asked may stop an answer.");
      return Response.json({ id, stopped: outcome === "stopped" }, { headers: { "Cache-Control": "no-store" } });
    }
    const room = await this.#room(name);
    const answer = room.messages.find((message) => message.id === id && message.cut !== undefined);
    const at = room.messages.findIndex((message) => message.id === answer?.question);
    const question = room.messages[at];
    if (answer === undefined || question === undefined || question.removed === true)
      return problem("not_found", "The answer is not cut, or its question is no longer held.");
    if (question.visitor !== visitor) return problem("insufficient_scope", "Only the visitor who asked may ask again.");
    if (room.muted.has(visitor)) return problem("muted", MUTED);
    const waitMs = this.#waitMs(visitor, address);
    if (waitMs > 0) return tooMany("too_many_messages", "then ask again", waitMs);
    this.#ask(name, question, room.messages.slice(0, at), languageOfBrowser(request));
    return Response.json({ id }, { status: 202, headers: { "Cache-Control": "no-store" } });
  }

  /** Gives a visitor's reaction, or takes it back. */
  async #react(request: Request, name: string, visitor: string, address: string | undefined): Promise<Response> {
    const wish = await readReaction(request, this.#limits.bodyBytes);
    if (wish instanceof Response) return wish;
    const room = await this.#room(name);
    if (room.muted.has(visitor)) return problem("muted", MUTED);
    if (!room.has(wish.id) || room.hasRemoved(wish.id)) return problem("not_found", "The room does not hold the message.");
    const reaction = { ...wish, visitor };
    if (room.reactions.has(reaction) !== wish.on) {
      const waitMs = this.#waitMs(visitor, address);
      if (waitMs > 0) return tooMany("too_many_messages", "then react again", waitMs);
      await this.#publish(name, "reaction", reaction);
      // Before the fold has reached it, so that the next wish is compared with it.
      room.apply({ kind: "reaction", reaction });
    }
    return done();
  }

  /** Tells the others in the room that a visitor types, if there are any. */
  async #type(request: Request, name: string, visitor: string): Promise<Response> {
    const sent = await readTyping(request, this.#limits.bodyBytes, this.#botName);
    if (sent instanceof Response) return sent;
    const room = await this.#room(name);
    if (room.muted.has(visitor)) return problem("muted", MUTED);
    if (this.#presence.othersThan(visitor, name)) {
      if (this.#typing.mayTell(name, visitor)) {
        await this.#publish(name, "typing", { visitors: [{ nickname: sent.nickname, visitor }], total: 1 }, TYPING_MS);
      } else this.#logger.debug({ room: name, visitor }, "the visitor's typing was not told: too often");
    }
    return done();
  }

  #ask(room: string, { id, nickname, text, visitor = "" }: ChatMessage, earlier: readonly ChatMessage[], language: Language): void {
    if (this.#desk === undefined || this.#botName === undefined) return;
    const message = { room, nickname, text: addressedText(text, this.#botName) ?? text, visitor, language };
    const history = earlier
      .filter(({ removed }) => removed !== true)
      .slice(-BOT_HISTORY)
      .map((line) => ({ nickname: line.nickname, text: line.text, bot: line.bot === true }));
    this.#desk.ask({ id, message, history });
  }

  async #take(room: Room, sent: SentMessage, visitor: string, language: Language): Promise<void> {
    const message: ChatMessage = { ...sent, at: Date.now(), visitor };
    const earlier = [...room.messages];
    await this.#publish(room.name, "chat", message);
    room.committed(sent.id);
    if (this.#botName === undefined) return;
    if (addressedText(sent.text, this.#botName) === undefined && !this.#isAlone(room, visitor)) return;
    this.#ask(room.name, message, earlier, language);
  }

  /**
   * Whether nobody else is in the room. Right after a start, whether nobody else has spoken there
   * recently.
   */
  #isAlone(room: Room, visitor: string): boolean {
    if (this.#presence.othersThan(visitor, room.name)) return false;
    return this.#presence.settled || !room.messages.slice(-BOT_HISTORY).some((line) => line.bot !== true && line.visitor !== visitor);
  }

  /** The room, once the history is read. */
  async #room(name: string): Promise<Room> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new NotReadyError("The history is still being read.")), this.#limits.readyMs);
    });
    try {
      return await Promise.race([this.#rooms.live.then(() => this.#rooms.room(name)), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Private: only holders of a token for the room receive the update, live and replayed. */
  #publish(
    room: string,
    type: keyof typeof CHAT_TYPES,
    data: ChatMessage | ChatReaction | ChatReply | ChatPresence | OwnersWish["data"],
    ttlMs?: number,
  ): Promise<string> {
    return this.#options.hub.publish({ topic: roomTopic(room), type: CHAT_TYPES[type], data: JSON.stringify(data), private: true, ttlMs });
  }
}

class NotReadyError extends Error {
  override readonly name = "NotReadyError";
}

const MUTED = "The owner of the chat has muted you in this room.";
