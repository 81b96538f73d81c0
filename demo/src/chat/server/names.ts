import { createHash } from "node:crypto";
import { withoutShapingJoiners } from "./joiners.ts";
import { looksOf, readsAs } from "./look-alikes.ts";
import { withoutJoiners } from "./without-joiners.ts";
import { characters, NICKNAME_LENGTH, TEXT_LENGTH } from "./wire.ts";

/**
 * Controls, invisible characters (one name could pass for another) and lone surrogates; joiners that shape are looked at before. Fillers such as U+3164 count as letters,
 * and show nothing.
 */
const FORBIDDEN_IN_NAMES = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u2800\u3164\uFFA0]/u;

/** Format characters are fine in text: emoji sequences and right-to-left scripts need them. */
const FORBIDDEN_IN_TEXT = /[^\P{Cc}\n]|\p{Cs}/u;

/** The form in which two nicknames are the same to a reader. */
export function foldName(nickname: string): string {
  return withoutJoiners(nickname.normalize("NFKC")).trim().replace(/\s+/gu, " ").toLowerCase();
}

/** A fault of a nickname or a text. Pages translate it. */
export type TextFault =
  | "nickname_empty"
  | "nickname_too_long"
  | "nickname_invisible"
  | "nickname_of_bot"
  | "text_empty"
  | "text_too_long"
  | "text_control"
  | "not_text";

/** A nickname as it is shown, or what is wrong with it. */
export type CheckedText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: TextFault; readonly detail: string };

function fault(reason: TextFault, detail: string): CheckedText {
  return { ok: false, reason, detail };
}

/**
 * Checks a nickname: anyone may choose any, but nobody takes the bot's.
 *
 * @param botName - The bot's name, which is refused in every spelling that reads the same.
 */
export function checkNickname(value: unknown, botName: string | undefined): CheckedText {
  if (typeof value !== "string") return fault("not_text", "`nickname` must be a text.");
  const text = value.trim();
  const length = characters(text);
  if (length === 0 || length > NICKNAME_LENGTH) {
    return fault(length === 0 ? "nickname_empty" : "nickname_too_long", `A nickname has 1 to ${NICKNAME_LENGTH} characters.`);
  }
  if (looksOf(text) === "" || FORBIDDEN_IN_NAMES.test(withoutShapingJoiners(text))) {
    return fault("nickname_invisible", "The nickname has a control or invisible character. Remove it.");
  }
  if (botName !== undefined && readsAs(text, botName)) {
    return fault("nickname_of_bot", `The nickname "${botName}" belongs to the bot. Choose another.`);
  }
  return { ok: true, text };
}

/** Checks what somebody wrote. Line ends become LF; white space around the text is dropped. */
export function checkText(value: unknown): CheckedText {
  if (typeof value !== "string") return fault("not_text", "`text` must be a text.");
  const text = value.replace(/\r\n?/g, "\n").trim();
  if (text === "") return fault("text_empty", "The message is empty.");
  if (characters(text) > TEXT_LENGTH) return fault("text_too_long", `A message has at most ${TEXT_LENGTH} characters.`);
  if (FORBIDDEN_IN_TEXT.test(text)) {
    return fault("text_control", "The message has a control character other than a line end. Remove it.");
  }
  return { ok: true, text };
}

/** What others see of a visitor's secret, and the `sub` of the visitor's tokens: enough to tell two people with one nickname apart, not enough to pose as either. */
export function publicVisitor(visitor: string): string {
  return createHash("sha256").update(`artesian chat visitor ${visitor}`).digest("base64url").slice(0, 12);
}
