/**
 * What the chat's server and its page say to each other: shapes and bounds, and nothing that runs on one side only.
 */

/** A room's name in its address, `/chat/ROOM`: 1 to 40 of `a–z 0–9 -`, neither first nor last a hyphen. */
export const ROOM_NAME: RegExp = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** A visitor's public name tag: a hash of their secret, the `sub` of their tokens. */
export const VISITOR_TAG: RegExp = /^[A-Za-z0-9_-]{12}$/;

/** A message's id, made by the page so that a retry is recognised. Ids that start with `bot-` are the bot's. */
export const MESSAGE_ID: RegExp = /^(?!bot-)[A-Za-z0-9_-]{8,64}$/;

/** Most characters (code points) of a nickname. */
export const NICKNAME_LENGTH = 32;

/** Most characters (code points) of a message. */
export const TEXT_LENGTH = 2000;

/** Longest that a page may take to finish a streamed reply before it is taken for abandoned, in milliseconds. */
export const REPLY_ABANDONED_MS = 20_000;

/** The types of the updates on the topic `/chat/ROOM`. */
export const CHAT_TYPES = { chat: "chat", reply: "reply", presence: "presence" } as const;

/** A message in a room; the data of an update of type `chat`. */
export interface ChatMessage {
  readonly id: string;
  readonly nickname: string;
  readonly text: string;
  /** When the server took it, in milliseconds since 1970. */
  readonly at: number;
  /** The author's public name tag: a hash of their secret, the same in all their messages. Absent on the bot's. */
  readonly visitor?: string;
  readonly bot?: true;
}

/** A reply that the bot is still writing; the data of an update of type `reply`. */
export interface ChatReply {
  /** The id that the finished message will have. */
  readonly id: string;
  readonly nickname: string;
  /** All of the text so far, so that a page that missed a part shows the whole. */
  readonly text: string;
  /** Nothing more comes under this id but, perhaps, the message itself. */
  readonly done: boolean;
}

/** Somebody who is in the room. */
export interface ChatVisitor {
  readonly nickname: string;
  readonly visitor: string;
}

/** Who is in the room; the data of an update of type `presence`. */
export interface ChatPresence {
  /** In order of arrival, at most 200. */
  readonly visitors: readonly ChatVisitor[];
  /** All of them, listed or not. */
  readonly total: number;
}

/** The answer of `GET /chat/ROOM/state`, which asks for the room's token. */
export interface ChatState extends ChatPresence {
  readonly messages: readonly ChatMessage[];
  readonly replies: readonly ChatReply[];
  /** Subscribe from this event id to miss nothing and repeat nothing. */
  readonly lastEventId: string;
  /** The bot's nickname, when the room has a bot. */
  readonly botName?: string;
  /** Path of the hub's URL, below which it takes renewed tokens. */
  readonly hub: string;
}

/** The answer of `POST /chat/ROOM/token`. */
export interface ChatToken {
  /** Opens the room's stream at the hub, and everything of the room at the chat. For the room of its address alone. */
  readonly token: string;
  /** How long it lives, in milliseconds. */
  readonly expiresInMs: number;
  /** The visitor's own public name tag, the same in every room. */
  readonly visitor: string;
}

/** The topic of a room. */
export function roomTopic(room: string): string {
  return `/chat/${room}`;
}

/** The topic that a page also subscribes to, to say that its visitor, by the public name tag, is here. Nothing is published on it. */
export function hereTopic(room: string, visitor: string, nickname: string): string {
  return `/chat/${room}/here/${visitor}/${encodeURIComponent(nickname)}`;
}

/** Counts the characters (code points) of a text, as the limits do. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
