import { MAX_ROOM_NAME, normalRoom } from "../../server/room-name.ts";
import { dialogTexts } from "./texts.ts";

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "";
}

export function suggestNickname(): string {
  const { first, second, nickname } = dialogTexts().suggestions;
  return nickname(pick(first), pick(second));
}

export function suggestRoom(): string {
  const { first, second, room } = dialogTexts().suggestions;
  return room(pick(first), pick(second), Math.floor(10 + Math.random() * 90));
}

/** Accents above and below Latin letters, whose plain forms are easier to type. */
const LATIN_ACCENTS = /(?<=\p{Script=Latin})\p{M}+/gu;

/**
 * Turns a typed text into a room's name. Latin letters lose their accents, and all other characters
 * between letters and digits become hyphens.
 */
export function toRoomName(text: string): string {
  const plain = normalRoom(text.normalize("NFD").replace(LATIN_ACCENTS, "")).replace(/[^\p{L}\p{M}\p{N}]+/gu, "-");
  return Array.from(plain.replace(/^[-\p{M}]+/u, ""))
    .slice(0, MAX_ROOM_NAME)
    .join("")
    .replace(/-+$/, "");
}
