import { withoutJoiners } from "../server/without-joiners.ts";
import type { ChatMessage, ChatPresence } from "../server/wire.ts";

/** Number of shown characters of a name tag, enough for the few who share a name. */
const SHOWN = 4;

/** Returns the mark beside a name. Undefined if no other visitor on the page has the name. */
export type MarkOf = (nickname: string, visitor: string | undefined) => string | undefined;

/**
 * Finds equal names. Nicknames are free, so two people may have equal or similar ones. Their name
 * tags differ and can't be chosen, so a part of the name tag tells them apart.
 */
export function findHomonyms(messages: readonly ChatMessage[], { visitors }: ChatPresence): MarkOf {
  const bearers = new Map<string, Set<string>>();
  const seen = new Set<string>();
  for (const { nickname, visitor } of [...messages, ...visitors]) {
    if (visitor === undefined || seen.has(visitor + nickname)) continue;
    seen.add(visitor + nickname);
    const name = fold(nickname);
    bearers.set(name, (bearers.get(name) ?? new Set()).add(visitor));
  }
  return (nickname, visitor) =>
    visitor !== undefined && (bearers.get(fold(nickname))?.size ?? 0) > 1 ? visitor.slice(0, SHOWN) : undefined;
}

function fold(nickname: string): string {
  return withoutJoiners(nickname.normalize("NFKC")).trim().replace(/\s+/gu, " ").toLowerCase();
}
