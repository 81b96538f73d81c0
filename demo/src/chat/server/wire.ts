import type { ChatCard } from "./cards.ts";

/**
 * The protocol between the chat's server and its page: shapes and bounds, and nothing that runs on
 * one side only.
 */
import { roomPath } from "./room-name.ts";

/** A visitor's public name tag: a hash of their secret, the `sub` of their tokens. */
export const VISITOR_TAG: RegExp = /^[A-Za-z0-9_-]{12}$/;

/**
 * A message's id, made by the page so that a retry is recognised. The bot's ids start with `bot-`.
 */
export const MESSAGE_ID: RegExp = /^(?!bot-)[A-Za-z0-9_-]{8,64}$/;

/** Most characters (code points) of a nickname. */
export const NICKNAME_LENGTH = 32;

/** Most characters (code points) of a message. */
export const TEXT_LENGTH = 2000;

/**
 * Longest pause in a streamed reply before a page takes the reply for abandoned, in milliseconds.
 */
export const REPLY_ABANDONED_MS = 20_000;

/**
 * How long a page shows that somebody types, in milliseconds. The update lives no longer. A page
 * tells its own visitor's typing again in less.
 */
export const TYPING_MS = 6000;

/** The types of the updates on the topic `/chat/ROOM`. */
export const CHAT_TYPES = {
  chat: "chat",
  reply: "reply",
  presence: "presence",
  typing: "typing",
  reaction: "reaction",
  removed: "removed",
  muted: "muted",
} as const;

/** The reactions that a visitor may give. */
export const REACTIONS: readonly string[] = ["👍", "❤️", "😂", "🎉", "😮", "😢"];

/** The name tags of the visitors who have given a reaction, by the reaction. */
export type ChatReactions = Readonly<Record<string, readonly string[]>>;

/** The body of `POST /chat/ROOM/reactions`. */
export interface ReactionRequest {
  /** The id of a message. */
  readonly id: string;
  readonly emoji: string;
  /** Whether the reaction is given, or taken back. */
  readonly on: boolean;
}

/** A visitor's reaction: the data of an update of type `reaction`. */
export interface ChatReaction extends ReactionRequest {
  readonly visitor: string;
}

/** The message that another one answers. */
export interface ReplyTo {
  readonly id: string;
  /** The time of that message, where a page finds it in the history. */
  readonly at: number;
}

/** A message in a room: the data of an update of type `chat`. */
export interface ChatMessage {
  readonly id: string;
  readonly nickname: string;
  readonly text: string;
  /** When the server took the message, in milliseconds since 1970. */
  readonly at: number;
  /**
   * The author's public name tag: a hash of their secret, the same in all their messages. Absent on
   * the bot's messages.
   */
  readonly visitor?: string;
  readonly replyTo?: ReplyTo;
  readonly reactions?: ChatReactions;
  readonly bot?: true;
  /** On an answer of the bot: the id of the message that it answers, and the name tag of its author. */
  readonly question?: string;
  readonly asker?: string;
  /** On an answer of the bot: the answer failed or broke off, or its asker stopped it. */
  readonly cut?: "failed" | "stopped";
  /** On an answer of the bot: the same as data, which a page may draw. */
  readonly card?: ChatCard;
  /** The owner has removed the message. Its text is empty. */
  readonly removed?: true;
}

/** The owner has removed a message: the data of an update of type `removed`. */
export interface ChatRemoval {
  readonly id: string;
}

/** The owner has muted a visitor, or no longer does: the data of an update of type `muted`. */
export interface ChatMute {
  readonly visitor: string;
  readonly muted: boolean;
}

/** Request header with the owner's secret. */
export const OWNER_HEADER = "Chat-Owner";

/** The body of `POST /chat/ROOM/moderation`, which requires the owner's secret. */
export type Moderation = { readonly remove: string } | { readonly mute: string } | { readonly unmute: string };

/** A reply in progress: the data of an update of type `reply`. */
export interface ChatReply {
  /** The id of the finished message. */
  readonly id: string;
  readonly nickname: string;
  /** All of the text so far, so that a page that missed a part shows the whole. */
  readonly text: string;
  /** Whether nothing more comes under this id, except perhaps the message itself. */
  readonly done: boolean;
  /** The name tag of the visitor who asked, and who may stop the answer. */
  readonly asker?: string;
}

/** The body of `POST /chat/ROOM/bot`: the asker's wish for an answer of the bot. */
export interface BotRequest {
  /** The id of the answer. */
  readonly id: string;
  /** `stop` ends an answer that is being written. `again` asks once more for one that is cut. */
  readonly action: "stop" | "again";
}

/** A person in the room. */
export interface ChatVisitor {
  readonly nickname: string;
  readonly visitor: string;
}

/**
 * The people in the room: the data of an update of type `presence`. In an update of type `typing`,
 * the one who types.
 */
export interface ChatPresence {
  /** In order of arrival, at most 200. */
  readonly visitors: readonly ChatVisitor[];
  /** Number of all visitors, listed or not. */
  readonly total: number;
}

/** The body of `POST /chat/ROOM/typing`. */
export interface TypingRequest {
  readonly nickname: string;
}

/** The answer of `GET /chat/ROOM/state`, which requires the room's token. */
export interface ChatState extends ChatPresence {
  readonly messages: readonly ChatMessage[];
  /** Whether there were messages before these. */
  readonly earlier: boolean;
  readonly replies: readonly ChatReply[];
  /** The name tags of muted visitors. */
  readonly muted: readonly string[];
  /** Subscribe from this event id to miss nothing and repeat nothing. */
  readonly lastEventId: string;
  /** The bot's nickname, when the room has a bot. */
  readonly botName?: string;
  /** Path of the hub's URL, below which the hub takes renewed tokens. */
  readonly hub: string;
}

/** The answer of `GET /chat/ROOM/history?before=ID&at=TIME`: the messages before one of the room. */
export interface ChatPage {
  /** The last ones before it, in order. */
  readonly messages: readonly ChatMessage[];
  /** Whether there may be messages before these. */
  readonly earlier: boolean;
}

/** Most rooms whose unread messages are counted in one request, and that a page lists. */
export const SEEN_ROOMS = 10;

/** The last message that a visitor saw in a room: in the query of `GET /chat/ROOM/unread`, `seen=ROOM/ID`. */
export interface SeenRoom {
  readonly room: string;
  /** Empty if the visitor has seen no message of the room. */
  readonly id: string;
}

/** The answer of `GET /chat/ROOM/unread?seen=ROOM/ID&seen=…`. */
export interface ChatUnread {
  /**
   * The number of messages after the one seen, by the room's name. A room that the server does not
   * hold in memory is left out, since to count it would mean to read the journal.
   */
  readonly unread: Readonly<Record<string, number>>;
}

/** The answer of `POST /chat/ROOM/token`. */
export interface ChatToken {
  /**
   * Opens the room's stream at the hub, and everything of the room at the chat. Valid for this room
   * alone.
   */
  readonly token: string;
  /** Lifetime of the token, in milliseconds. */
  readonly expiresInMs: number;
  /** The visitor's own public name tag, the same in every room. */
  readonly visitor: string;
}

/** The topic of a room. */
export const roomTopic: (room: string) => string = roomPath;

/**
 * The topic that announces a visitor's presence, by the public name tag. A page also subscribes to
 * it. Nothing is published on it.
 */
export function hereTopic(room: string, visitor: string, nickname: string): string {
  return `${roomTopic(room)}/here/${visitor}/${encodeURIComponent(nickname)}`;
}

/** Counts the characters (code points) of a text, as the limits do. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
