import { parseCard } from "./cards.ts";
import {
  type ChatMessage,
  type ChatMute,
  type ChatPresence,
  type ChatReaction,
  type ChatReply,
  NICKNAME_LENGTH,
  REACTIONS,
  type ReplyTo,
  TEXT_LENGTH,
  VISITOR_TAG,
} from "./wire.ts";

/** The meaning of an update on a room's topic. */
export type RoomEvent =
  | { readonly kind: "message"; readonly message: ChatMessage }
  | { readonly kind: "reply"; readonly reply: ChatReply }
  | { readonly kind: "reaction"; readonly reaction: ChatReaction }
  | { readonly kind: "removed"; readonly id: string }
  | { readonly kind: "muted"; readonly mute: ChatMute };

const TYPES: ReadonlySet<string | undefined> = new Set(["chat", "reply", "reaction", "removed", "muted"]);

/** Most UTF-16 units of a message's id, no matter who made it. */
export const MAX_ID_LENGTH = 80;

/** Two UTF-16 units a character at most. */
function isText(value: unknown, maxCharacters: number): value is string {
  return typeof value === "string" && value.length <= maxCharacters * 2;
}

function isTag(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_ID_LENGTH;
}

/** Whether a value is one of the reactions that there are. */
export function isEmoji(value: unknown): value is string {
  return REACTIONS.some((emoji) => emoji === value);
}

/** @returns Undefined for anything that does not name a message. */
export function parseReplyTo(value: unknown): ReplyTo | undefined {
  const { id, at } = (value ?? {}) as Record<string, unknown>;
  return isTag(id) && typeof at === "number" && Number.isFinite(at) ? { id, at } : undefined;
}

/** The parts that only an answer of the bot has. */
function answerParts({ question, asker, cut, card }: Record<string, unknown>): Pick<ChatMessage, "question" | "asker" | "cut" | "card"> {
  const parsed = parseCard(card);
  return {
    ...(isTag(question) ? { question } : {}),
    ...(isTag(asker) ? { asker } : {}),
    ...(cut === "failed" || cut === "stopped" ? { cut } : {}),
    ...(parsed === undefined ? {} : { card: parsed }),
  };
}

/**
 * Reads an update of a room. The journal may be older than this program, so nothing about the data
 * is taken for granted.
 *
 * @returns Undefined for anything that is not an event of a room in the right shape.
 */
export function parseUpdate(type: string | undefined, data: string): RoomEvent | undefined {
  if (!TYPES.has(type) || data.length > TEXT_LENGTH * 12 + 8000) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    // The update is not ours.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { id, nickname, text, at, visitor, bot, done, muted, question, asker, cut, card, replyTo, emoji, on } = value as Record<
    string,
    unknown
  >;
  if (type === "muted") {
    const isMute = typeof visitor === "string" && VISITOR_TAG.test(visitor) && typeof muted === "boolean";
    return isMute ? { kind: "muted", mute: { visitor, muted } } : undefined;
  }
  if (typeof id !== "string" || id === "" || id.length > MAX_ID_LENGTH) return undefined;
  if (type === "removed") return { kind: "removed", id };
  if (type === "reaction") {
    const isReaction = isEmoji(emoji) && typeof visitor === "string" && VISITOR_TAG.test(visitor) && typeof on === "boolean";
    return isReaction ? { kind: "reaction", reaction: { id, emoji, visitor, on } } : undefined;
  }
  if (!isText(nickname, NICKNAME_LENGTH) || nickname === "" || !isText(text, TEXT_LENGTH)) return undefined;
  if (type === "reply") return { kind: "reply", reply: { id, nickname, text, done: done === true, ...(isTag(asker) ? { asker } : {}) } };
  const answered = parseReplyTo(replyTo);
  if (text === "" || typeof at !== "number" || !Number.isFinite(at)) return undefined;
  return {
    kind: "message",
    message: {
      id,
      nickname,
      text,
      at,
      ...(isTag(visitor) ? { visitor } : {}),
      ...(answered === undefined ? {} : { replyTo: answered }),
      ...(bot === true ? { bot: true as const, ...answerParts({ question, asker, cut, card }) } : {}),
    },
  };
}

/**
 * Parses presence data. The data may come from an older journal, so only the right shape is
 * accepted.
 */
export function parsePresence(data: string): ChatPresence | undefined {
  try {
    const { visitors, total } = JSON.parse(data) as { visitors?: unknown; total?: unknown };
    if (!Array.isArray(visitors) || typeof total !== "number") return undefined;
    const listed = (visitors as unknown[]).slice(0, 200).flatMap((entry) => {
      const { nickname, visitor } = (entry ?? {}) as { nickname?: unknown; visitor?: unknown };
      return typeof nickname === "string" && typeof visitor === "string"
        ? [{ nickname: nickname.slice(0, 64), visitor: visitor.slice(0, 80) }]
        : [];
    });
    return { visitors: listed, total: Math.max(listed.length, Math.floor(total)) };
  } catch {
    // Not JSON.
    return undefined;
  }
}
