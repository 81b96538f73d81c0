import { createContext } from "preact";
import { useMemo } from "preact/hooks";
import { MENTION_SIGN, nameInText } from "../../server/name-in-text.ts";
import type { ChatMessage, ChatPresence } from "../../server/wire.ts";

/** Most names that a mention may have. */
const MAX_NAMES = 300;

/** The names that may be mentioned in the room. */
export interface Mentions {
  /** Those who are here, then those who have written. */
  readonly names: readonly string[];
  /** Finds the mentions in a text. Undefined without names. */
  readonly pattern: RegExp | undefined;
  /** The reader's own nickname. */
  readonly own: string | undefined;
}

export const MentionContext: ReturnType<typeof createContext<Mentions>> = createContext<Mentions>({
  names: [],
  pattern: undefined,
  own: undefined,
});

/** A pattern for `@` and one of the names. The longest name counts. */
export function mentionPattern(names: readonly string[]): RegExp | undefined {
  if (names.length === 0) return undefined;
  const longest = names.toSorted((one, other) => other.length - one.length);
  return new RegExp(`${MENTION_SIGN}(?:${longest.map(nameInText).join("|")})`, "giu");
}

/** The room's names. The same object while they are the same, so that texts need not be drawn again. */
export function useMentions(
  messages: readonly ChatMessage[],
  { visitors }: ChatPresence,
  botName: string | undefined,
  own: string | undefined,
): Mentions {
  const found = new Set(visitors.map(({ nickname }) => nickname));
  if (botName !== undefined) found.add(botName);
  for (const { nickname } of messages.toReversed()) found.add(nickname);
  const names = [...found].slice(0, MAX_NAMES);
  return useMemo(() => ({ names, pattern: mentionPattern(names), own }), [names.toSorted().join("\n"), own]);
}
