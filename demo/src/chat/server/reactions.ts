import type { ChatReaction, ChatReactions } from "./wire.ts";

/** Most visitors who are counted for one reaction to one message, of whom the last ones. */
const MAX_VISITORS = 200;

/** Messages of a room whose reactions are remembered, of which the last ones. */
const MAX_MESSAGES = 1000;

/** The reactions to a message after one more was given or taken back. A visitor counts once. */
export function withReaction(before: ChatReactions | undefined, { emoji, visitor, on }: ChatReaction): ChatReactions {
  const others = (before?.[emoji] ?? []).filter((other) => other !== visitor);
  return { ...before, [emoji]: on ? [...others, visitor].slice(-MAX_VISITORS) : others };
}

/** The reactions to a room's messages. */
export class Reactions {
  readonly #messages = new Map<string, ChatReactions>();

  of(id: string): ChatReactions | undefined {
    return this.#messages.get(id);
  }

  has({ id, emoji, visitor }: ChatReaction): boolean {
    return this.#messages.get(id)?.[emoji]?.includes(visitor) === true;
  }

  apply(reaction: ChatReaction): void {
    const { id } = reaction;
    const after = withReaction(this.#messages.get(id), reaction);
    // Deleted first, so that the map stays in the order of the last change.
    this.#messages.delete(id);
    this.#messages.set(id, after);
    const [oldest] = this.#messages.keys();
    if (this.#messages.size > MAX_MESSAGES && oldest !== undefined) this.#messages.delete(oldest);
  }
}
