// The protocol for adding feeds, between the news' server and a part of its page. Both import this file.

/** Path of the feeds as OPML, for other readers of feeds. */
export const OPML_PATH = "/news/api/feeds.opml";

/** Longest address of an added feed, in characters. */
export const MAX_ADDRESS = 2048;

/** Most feeds. A subscription has at most 100 matchers, and one of them is for the states. */
export const MAX_FEEDS = 99;

/** Body of `POST /news/api/feeds`. */
export interface AddFeeds {
  readonly feeds: readonly { readonly url: string; readonly title?: string | undefined }[];
}

/** Reasons why a feed is not added. */
export const REFUSALS = ["invalid_address", "private_address", "already_followed", "too_many_feeds"] as const;

/** Answer of `POST /news/api/feeds`. */
export interface AddedFeeds {
  readonly added: number;
  readonly refused: readonly { readonly url: string; readonly code: (typeof REFUSALS)[number] }[];
}
