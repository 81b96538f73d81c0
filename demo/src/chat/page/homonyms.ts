import { withoutJoiners } from "../server/joiners.ts";
import type { ChatMessage, ChatPresence } from "../server/wire.ts";

/** Characters of a name tag that are shown: enough for the few who share a name. */
const SHOWN = 4;

/** Says which mark stands beside somebody's name: undefined where no other visitor that the page shows goes by it. */
export type MarkOf = (nickname: string, visitor: string | undefined) => string | undefined;

/**
 * Nicknames are free, so two people may have the same, or one that looks it. Their name tags differ, and nobody chooses their own: a part of
 * it beside the name tells them apart.
 */
export function findHomonyms(messages: readonly ChatMessage[], { visitors }: ChatPresence): MarkOf {
  const bearers = new Map<string, Set<string>>();
  for (const { nickname, visitor } of [...messages, ...visitors]) {
    if (visitor === undefined) continue;
    const name = fold(nickname);
    bearers.set(name, (bearers.get(name) ?? new Set()).add(visitor));
  }
  return (nickname, visitor) =>
    visitor !== undefined && (bearers.get(fold(nickname))?.size ?? 0) > 1 ? visitor.slice(0, SHOWN) : undefined;
}

function fold(nickname: string): string {
  return withoutJoiners(nickname.normalize("NFKC")).trim().replace(/\s+/gu, " ").toLowerCase();
}
