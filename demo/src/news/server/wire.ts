/** The protocol between the news' server and its page. Both import this file. */

/** Topic of the feeds' states. */
export const STATUS_TOPIC = "/news-status";

/** Types of the news' updates. */
export const NEWS_TYPES = { item: "item", status: "status" } as const;

/** Path for reading the feeds' states at once. */
export const FEEDS_PATH = "/news/api/feeds";

/** The topic of a feed's headlines. */
export function feedTopic(name: string): string {
  return `/news/${encodeURIComponent(name)}`;
}

/**
 * Data of an update of type `item`, as JSON: one headline. All text is plain, and `link` is http or
 * https.
 */
export interface NewsItem {
  /** Names the headline. A repeated headline has the same id. */
  readonly id: string;
  readonly title: string;
  readonly link?: string | undefined;
  readonly summary?: string | undefined;
  /** The feed's date in RFC 3339, or undefined without a date. */
  readonly published?: string | undefined;
  /** RFC 3339: the date of a neighbour in the feed, for an item without its own. */
  readonly around?: string | undefined;
  /** RFC 3339: when this server first saw the item. */
  readonly seen: string;
  readonly author?: string | undefined;
  /** Path of the picture on this server. */
  readonly picture?: string | undefined;
  readonly feed: { readonly name: string; readonly title: string; readonly link?: string | undefined };
}

/**
 * Reasons why a feed fails: those of a request, `not_a_feed` for a document that can't be read, and
 * `other` for what the server's log explains.
 */
export type FailureCode = "unreachable" | "timeout" | "broken" | "too_large" | "redirect" | "status" | "forbidden" | "not_a_feed" | "other";

/** Why a feed fails. Pages say it in their language. */
export interface FeedFailure {
  readonly code: FailureCode;
  /** The answer's status, for the code `status`. */
  readonly status?: number | undefined;
}

/** The state of one feed. Times are RFC 3339. */
export interface FeedStatus {
  readonly name: string;
  /** The feed's name for people. */
  readonly title: string;
  /** The feed's site, http or https. */
  readonly link?: string | undefined;
  /** The feed's address without the parts that may be secret. */
  readonly address: string;
  readonly topic: string;
  /** Number of items in its document. Undefined before the first reading. */
  readonly items?: number | undefined;
  /** Interval of the fetches, in milliseconds. */
  readonly intervalMs: number;
  /** The last fetch with a usable answer. */
  readonly lastFetch?: string | undefined;
  readonly nextFetch?: string | undefined;
  /** When the fetches began to fail. Undefined while the feed works. */
  readonly failingSince?: string | undefined;
  /** Reason of the failure. Undefined while the feed works. */
  readonly failure?: FeedFailure | undefined;
  /** Whether the feed was added in the page, and can be removed there. */
  readonly removable: boolean;
  /** Whether the headlines are invented. */
  readonly sample: boolean;
  /** Rises with each state of the feed. Of two states, the higher number wins. */
  readonly version: number;
}

/** The answer of `GET /news/api/feeds`. */
export interface FeedsState {
  readonly feeds: readonly FeedStatus[];
  /** The server's clock, RFC 3339. Items seen before are no news to a page that opens now. */
  readonly now: string;
}

/** Data of an update of type `status`, as JSON: the feeds that changed. */
export interface StatusUpdate {
  readonly feeds: readonly FeedStatus[];
  /** Whether feeds were added or removed, so that the list is to be read again. */
  readonly isOtherList?: true | undefined;
}
