import type { Hit } from "../docs/docs-index.ts";
import type { Language } from "../bot.ts";
import type { FollowUp } from "../rules/rule.ts";
import type { Rational } from "./rational.ts";

/** The bot's memory of one person in one room. */
export interface Person {
  /** The name that the person told. */
  name?: string;
  /** The language of the last message that had words. */
  language: Language;
  /** Replies to the next message, in a game. */
  next?: FollowUp | undefined;
  /** The value of the last sum, with which "times 3" goes on. */
  sum?: Rational | undefined;
  /** Further answers of the docs to the last question, for "tell me more". */
  more?: readonly Hit[] | undefined;
}

/** People whom the bot remembers, by room and visitor. It forgets the longest silent first. */
export class People {
  readonly #most: number;
  /** The person who spoke longest ago comes first. */
  readonly #known = new Map<string, Person>();

  constructor(most: number) {
    this.#most = most;
  }

  get(room: string, visitor: string, language: Language): Person {
    const key = JSON.stringify([room, visitor]);
    const person = this.#known.get(key) ?? { language };
    this.#known.delete(key);
    this.#known.set(key, person);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#most && oldest !== undefined) this.#known.delete(oldest);
    return person;
  }
}
