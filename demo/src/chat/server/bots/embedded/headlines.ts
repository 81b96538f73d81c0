import { NEWS_TYPES } from "../../../../news/server/wire.ts";
import type { HeldUpdate } from "../bot.ts";

/** The parts of a headline that the bot reads out. */
export interface NewsHeadline {
  readonly id: string;
  readonly title: string;
  readonly link: string | undefined;
  readonly feed: string;
  /** In milliseconds since 1970. */
  readonly at: number;
}

const MAX_TITLE_LENGTH = 200;

/**
 * Reads a headline of the news. Another publisher may use the same topics, so only the right shape
 * counts.
 */
export function parseHeadline({ type, data }: HeldUpdate): NewsHeadline | undefined {
  if (type !== NEWS_TYPES.item) return undefined;
  try {
    const { id, title, link, published, around, seen, feed } = JSON.parse(data) as Readonly<Record<string, unknown>>;
    const name: unknown = typeof feed === "object" && feed !== null ? Reflect.get(feed, "title") : undefined;
    const at = [published, around, seen].map((time) => Date.parse(String(time))).find((time) => !Number.isNaN(time));
    if (typeof id !== "string" || typeof title !== "string" || title.trim() === "" || typeof name !== "string" || at === undefined)
      return undefined;
    const isLink = typeof link === "string" && /^https?:\/\//.test(link) && link.length <= 2048;
    return {
      id,
      title: title.slice(0, MAX_TITLE_LENGTH).toWellFormed(),
      link: isLink ? link : undefined,
      feed: name.slice(0, 100).toWellFormed(),
      at,
    };
  } catch {
    // Not JSON.
    return undefined;
  }
}
