import { isJson, readBody } from "../../read-body.ts";
import type { Language } from "./bots/bot.ts";
import { checkNickname, checkText } from "./names.ts";
import { isEmoji, parseReplyTo } from "./parse-update.ts";
import { problem } from "./problem.ts";
import { type BotRequest, MESSAGE_ID, type ReactionRequest, REACTIONS, type ReplyTo, type TypingRequest } from "./wire.ts";

/** A checked message of a page. */
export interface SentMessage {
  readonly id: string;
  readonly nickname: string;
  readonly text: string;
  readonly replyTo?: ReplyTo;
}

/**
 * Reads the body of `POST /chat/ROOM/messages`.
 *
 * @returns The message, or the refusal with the remedy.
 */
export async function readMessage(request: Request, maxBytes: number, botName: string | undefined): Promise<SentMessage | Response> {
  const value = await readObject(request, maxBytes);
  if (value instanceof Response) return value;
  const { id, nickname, text, replyTo } = value;
  if (typeof id !== "string" || !MESSAGE_ID.test(id)) {
    return problem("invalid_message", "`id` must be 8 to 64 of A–Z a–z 0–9 _ -, not starting with `bot-`. A UUID fits.");
  }
  const checkedName = checkNickname(nickname, botName);
  if (!checkedName.ok) return problem("invalid_nickname", checkedName.detail, {}, checkedName.reason);
  const checkedText = checkText(text);
  if (!checkedText.ok) return problem("invalid_message", checkedText.detail, {}, checkedText.reason);
  const answered = parseReplyTo(replyTo);
  if (replyTo !== undefined && answered === undefined) {
    return problem("invalid_message", "`replyTo` must have the `id` of a message, and its time in `at`.");
  }
  return { id, nickname: checkedName.text, text: checkedText.text, ...(answered === undefined ? {} : { replyTo: answered }) };
}

/**
 * Reads the body of `POST /chat/ROOM/typing`.
 *
 * @returns The nickname, or the refusal with the remedy.
 */
export async function readTyping(request: Request, maxBytes: number, botName: string | undefined): Promise<TypingRequest | Response> {
  const value = await readObject(request, maxBytes);
  if (value instanceof Response) return value;
  const checked = checkNickname(value.nickname, botName);
  return checked.ok ? { nickname: checked.text } : problem("invalid_nickname", checked.detail, {}, checked.reason);
}

/**
 * Reads the body of `POST /chat/ROOM/reactions`.
 *
 * @returns The request, or the refusal with the remedy.
 */
export async function readReaction(request: Request, maxBytes: number): Promise<ReactionRequest | Response> {
  const value = await readObject(request, maxBytes);
  if (value instanceof Response) return value;
  const { id, emoji, on } = value;
  if (typeof id === "string" && isEmoji(emoji) && typeof on === "boolean") return { id, emoji, on };
  return problem(
    "invalid_message",
    `\`id\` must be the id of a message, \`emoji\` one of ${REACTIONS.join(" ")}, and \`on\` true or false.`,
  );
}

/**
 * Reads the body of `POST /chat/ROOM/bot`.
 *
 * @returns The request, or the refusal with the remedy.
 */
export async function readBotRequest(request: Request, maxBytes: number): Promise<BotRequest | Response> {
  const value = await readObject(request, maxBytes);
  if (value instanceof Response) return value;
  const { id, action } = value;
  if (typeof id === "string" && (action === "stop" || action === "again")) return { id, action };
  return problem("invalid_message", "`id` must be the id of an answer of the bot, and `action` must be `stop` or `again`.");
}

/**
 * Reads a body that is a JSON object.
 *
 * @returns The object, or the refusal.
 */
export async function readObject(request: Request, maxBytes: number): Promise<Readonly<Record<string, unknown>> | Response> {
  if (!isJson(request)) return problem("unsupported_media_type", "Send the body as `Content-Type: application/json`.");
  const body = await readBody(request, maxBytes);
  if (body === undefined) return problem("too_large", `The body is longer than ${maxBytes} bytes.`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return problem("invalid_body", "The body is not JSON in UTF-8.");
  }
  if (typeof value !== "object" || value === null) return problem("invalid_body", "The body must be a JSON object.");
  return value as Record<string, unknown>;
}

/** The browser's language, for a message to the bot that has no words. */
export function languageOfBrowser(request: Request): Language {
  return /^\s*zh\b/i.test(request.headers.get("Accept-Language") ?? "") ? "zh" : "en";
}
