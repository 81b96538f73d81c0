import type { Hub } from "artesian";
import type { FeedSourceOptions, SourceMemory } from "artesian-sources";

/** Where the news log; the hub's logger fits, and so does pino. */
export interface NewsLogger {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export const SILENT: NewsLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** A feed to follow. */
export interface NewsFeed {
  /** What it is called in its topic and in the memory: 1 to 100 visible characters. Keep it, or its newest headlines come once more. */
  readonly name: string;
  /** http or https: RSS, RDF, Atom or JSON Feed. */
  readonly url: string;
  /** What people call it. Default: the title that the feed gives itself. */
  readonly title?: string | undefined;
}

/** What `createNews` takes. */
export interface NewsOptions {
  /** The hub that carries the headlines, made with `NEWS_TOPICS` among its reserved topics. The news do not close it. */
  readonly hub: Hub;
  /** The feeds, each with its own name; at most 99 with those of `sample`. */
  readonly feeds: readonly NewsFeed[];
  /**
   * Follows the app's own sample feeds too, whose headlines are invented and labelled so: the origin at which this app
   * answers, such as `http://127.0.0.1:3000`, for they are fetched by HTTP like any other feed. Default: none.
   */
  readonly sample?: string | undefined;
  /**
   * Where it is kept which items were published. It belongs to the hub's journal: as durable as that, and deleted with it.
   * Default: it ends with the process, so after a restart the newest items of each feed are published once more, under
   * the same ids.
   */
  readonly memory?: SourceMemory | undefined;
  /** How the feeds are asked: see `feedSource`. The sample feeds are asked every 5 s. */
  readonly polling?: Pick<FeedSourceOptions, "intervalMs" | "maxFreshMs" | "maxBackoffMs" | "timeoutMs" | "maxBytes" | "first" | "clock">;
  /** Changes of the feeds' states within this time are told once, in milliseconds. Default 250. */
  readonly statusDebounceMs?: number | undefined;
  /** The time, in milliseconds since 1970, for tests. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  readonly logger?: NewsLogger | undefined;
}

/** How often a feed is asked unless told otherwise, and a sample feed, in milliseconds. */
export const INTERVAL_MS = 300_000;
export const SAMPLE_INTERVAL_MS = 5000;
