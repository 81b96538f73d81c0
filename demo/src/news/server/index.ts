/** The news' server part: feeds become headlines on the hub, on Artesian's public API alone. */
export { createNews, type News, NEWS_TOPICS } from "./news.ts";
export type { NewsFeed, NewsOptions } from "./options.ts";
export { parseFeed } from "./parse-feed.ts";
export { type AddedFeeds } from "./adding-feeds.ts";
export { type FeedsState, type FeedStatus, type NewsItem, type StatusUpdate } from "./wire.ts";
