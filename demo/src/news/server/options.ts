import type { Hub } from "artesian";
import type { AllowAddress, FeedSourceOptions, SourceMemory } from "artesian-sources";
import type { PictureLimits } from "./pictures/picture-limits.ts";

/** The news' log. The hub's logger fits, and so does pino. */
export interface NewsLogger {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export const SILENT: NewsLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** A feed to follow. */
export interface NewsFeed {
  /**
   * The feed's name in its topic and in the memory, 1 to 100 visible characters. Keep the name, or
   * the feed's newest headlines come once more.
   */
  readonly name: string;
  /** An http or https address of RSS, RDF, Atom or JSON Feed. */
  readonly url: string;
  /** The feed's name for people. Default: the feed's own title. */
  readonly title?: string | undefined;
}

/** Options of `createNews`. */
export interface NewsOptions {
  /**
   * The hub that carries the headlines, made with `NEWS_TOPICS` among its reserved topics. The news
   * do not close the hub.
   */
  readonly hub: Hub;
  /** The feeds, each with its own name. At most 99, including those of `sample`. */
  readonly feeds: readonly NewsFeed[];
  /**
   * This app's own origin, such as `http://127.0.0.1:3000`. If given, the app also follows its own
   * sample feeds until a feed is added. Their headlines are invented and labelled so. They are
   * fetched by HTTP like any other feed. Default: none.
   */
  readonly sample?: string | undefined;
  /**
   * Memory of the published items. It belongs to the hub's journal, should be as durable, and is
   * deleted with it. Default: memory of the process. After a restart, the newest items of each feed
   * are then published once more, under the same ids.
   */
  readonly memory?: SourceMemory | undefined;
  /**
   * Decides whether feeds that are added in the page, and pictures, may be at an IP address.
   * Default: `isPublicAddress`, so that a page can't make the server read private networks.
   */
  readonly allowAddress?: AllowAddress | undefined;
  /** Limits of the pictures that are passed on. */
  readonly pictures?: Partial<PictureLimits> | undefined;
  /** Timing of the requests, as in `feedSource`. The sample feeds are requested every 5 s. */
  readonly polling?: Pick<FeedSourceOptions, "intervalMs" | "maxFreshMs" | "maxBackoffMs" | "timeoutMs" | "maxBytes" | "first" | "clock">;
  /**
   * Interval in which changes of the feeds' states are published once, in milliseconds. Default
   * 250.
   */
  readonly statusDebounceMs?: number | undefined;
  /** Returns the time, in milliseconds since 1970, for tests. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  readonly logger?: NewsLogger | undefined;
}

/** Default interval of a feed, and interval of a sample feed, in milliseconds. */
export const INTERVAL_MS = 300_000;
export const SAMPLE_INTERVAL_MS = 5000;
