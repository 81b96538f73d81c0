import { browserStorage } from "artesian-ui/storage.ts";

/**
 * The nickname is in the browser's storage. This browser's identity is in a cookie that no page can
 * read.
 */
const NICKNAME_KEY = "artesian.chat.nickname";

const FIRST = ["Quiet", "Clear", "Deep", "Bright", "Gentle", "Swift", "Calm", "Silver", "Mossy", "Sunny", "Merry", "Wild"];
const SECOND = ["Spring", "Brook", "Otter", "Heron", "Pebble", "River", "Willow", "Kingfisher", "Fern", "Lake", "Trout", "Rain"];

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
  return `${pick(FIRST)} ${pick(SECOND)}`;
}

export function suggestRoom(): string {
  return `${pick(FIRST)}-${pick(SECOND)}-${Math.floor(10 + Math.random() * 90)}`.toLowerCase();
}

/** Turns a typed text into a room's name. Accents and spaces become plain letters and hyphens. */
export function toRoomName(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
}
