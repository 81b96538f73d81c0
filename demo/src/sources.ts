import { type Config, type Key, placeOf, UsageError } from "artesian/command";
import { parseBot } from "./chat/server/index.ts";
import { type NewsFeed, parseFeed } from "./news/server/index.ts";
import { parseQuotes } from "./stocks/server/index.ts";

/** The configured inputs of the live apps. */
export interface Sources {
  readonly bot: ReturnType<typeof parseBot>;
  readonly quotes: ReturnType<typeof parseQuotes>;
  /** Empty: the sample feeds, which are invented. */
  readonly feeds: readonly NewsFeed[];
}

/** @throws UsageError for an invalid bot, feed or price source. */
export function sourcesOf(config: Config): Sources {
  return {
    bot: read("bot", () => parseBot(config.bot, process.env)),
    quotes: read("quotes", () => parseQuotes(config.quotes)),
    feeds: config.feed.map((feed) => read("feed", () => parseFeed(feed))),
  };
}

/** Parses a setting in an app. Errors name the place of the setting. */
function read<T>(key: Key, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${placeOf(key)}: ${error.message.replace(new RegExp(`^${key}: `), "")}`, { cause: error });
  }
}
