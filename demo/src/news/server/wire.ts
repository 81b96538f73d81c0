/** What the news' server and its page say to each other; both import it. */

/** Topic of the feeds' states. */
export const STATUS_TOPIC = "/news-status";

/** Types of the news' updates. */
export const NEWS_TYPES = { item: "item", status: "status" } as const;

/** Where the feeds' states are read at once. */
export const FEEDS_PATH = "/news/api/feeds";

/** Most feeds: a subscription has at most 100 matchers, and one of them is the states'. */
export const MAX_FEEDS = 99;

/** The topic of a feed's headlines. */
export function feedTopic(name: string): string {
  return `/news/${encodeURIComponent(name)}`;
}

/** Data of an update of type `item`, as JSON: one headline. All text is plain; `link` is http or https. */
export interface NewsItem {
  /** Names the headline; when it comes twice, it is the same one. */
  readonly id: string;
  readonly title: string;
  readonly link?: string | undefined;
  readonly summary?: string | undefined;
  /** RFC 3339, as the feed says; undefined where it says nothing. */
  readonly published?: string | undefined;
  /** RFC 3339: the date of a neighbour in the feed, for an item without its own. */
  readonly around?: string | undefined;
  /** RFC 3339: when this server first saw it. */
  readonly seen: string;
  readonly author?: string | undefined;
  readonly feed: { readonly name: string; readonly title: string; readonly link?: string | undefined };
}

/** How one feed does. Times are RFC 3339. */
export interface FeedStatus {
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** The feed's site; http or https. */
  readonly link?: string | undefined;
  readonly topic: string;
  /** How many items its document had; undefined while it was never read. */
  readonly items?: number | undefined;
  /** Time from one fetch to the next, in milliseconds. */
  readonly intervalMs: number;
  /** The last fetch that brought an answer that could be used. */
  readonly lastFetch?: string | undefined;
  readonly nextFetch?: string | undefined;
  /** Since when no fetch has brought anything; undefined while it works. */
  readonly failingSince?: string | undefined;
  /** Why it fails, a sentence for people. */
  readonly reason?: string | undefined;
  /** Whether its headlines are invented. */
  readonly sample: boolean;
  /** Rises with each state of the feed: of two, the one with the higher number holds. */
  readonly version: number;
}

/** What `GET /news/api/feeds` answers. */
export interface FeedsState {
  readonly feeds: readonly FeedStatus[];
  /** The server's clock, RFC 3339: what was seen before is no news to a page that opens now. */
  readonly now: string;
}

/** Data of an update of type `status`, as JSON: the feeds that changed. */
export interface StatusUpdate {
  readonly feeds: readonly FeedStatus[];
}
