import { browserStorage } from "artesian-ui/storage.ts";

/**
 * The nickname is in the browser's storage. This browser's identity is in a cookie that no page can
 * read.
 */
export const NICKNAME_KEY = "artesian.chat.nickname";

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
