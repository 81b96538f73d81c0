import type { Language } from "../bot.ts";

export type { Language };

export const LANGUAGES: readonly Language[] = ["en", "zh"];

/**
 * Replies in each language. One of them is chosen at random.
 *
 * A reply may hold these placeholders:
 *
 * - `{nick}` is the person's nickname, and `{name}` the name that the person told the bot.
 * - `{bot}` is the bot's name.
 * - `{words}` is the part of the message at the trigger's `{words}`. `{Words}` is the same,
 *   capitalised.
 * - `{time}` and `{date}` are the server's.
 * - `{curl}` and `{js}` are snippets that work on this server, and `{docs}` is the address of its docs.
 */
export type Replies = Readonly<Record<Language, readonly string[]>>;

/** Replies to the next message, and perhaps to the one after. */
export interface FollowUp {
  readonly say: Replies;
  readonly next?: FollowUp;
}

/**
 * One topic of the bot. A rule fits a message if one of its triggers does. If several rules fit,
 * the rule that names most words of the message answers. The first of equals wins.
 *
 * A trigger is written in plain words, without punctuation and in any case:
 *
 * - `(hello|good day)` stands for one of these.
 * - `[a|the]` stands for one of these, or nothing.
 * - `*` stands for any words, or none.
 * - `{words}` stands for one word or more, which the replies may repeat.
 *
 * Every Chinese character is a word, so `什么是 *` fits `什么是主题`.
 */
export interface Rule extends FollowUp {
  readonly when: Replies;
  /** Replaces `say` for people whose name the bot knows. */
  readonly sayToKnown?: Replies;
  /**
   * An action beside talking. `learn name` keeps `{words}` as the person's name, and `forget name`
   * drops the name. `answer words` answers `{words}` as a message of its own. If no rule fits
   * `{words}`, the rule says its own replies.
   */
  readonly does?: "learn name" | "forget name" | "answer words";
}
