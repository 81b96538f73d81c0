import { browserStorage } from "artesian-ui/storage.ts";
import { MAX_ROOM_NAME, normalRoom } from "../server/room-name.ts";
import { chatTexts } from "./texts.ts";

/**
 * The nickname is in the browser's storage. This browser's identity is in a cookie that no page can
 * read.
 */
export const NICKNAME_KEY = "artesian.chat.nickname";

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "";
}

/** A random id of 22 characters. `crypto.randomUUID` would be missing on plain HTTP. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

export function savedNickname(): string | undefined {
  return browserStorage.getItem(NICKNAME_KEY) ?? undefined;
}

export function saveNickname(nickname: string): void {
  browserStorage.setItem(NICKNAME_KEY, nickname);
}

export function suggestNickname(): string {
  const { first, second, nickname } = chatTexts().suggestions;
  return nickname(pick(first), pick(second));
}

export function suggestRoom(): string {
  const { first, second, room } = chatTexts().suggestions;
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
