import { bounded } from "../bounds.ts";
import {
  type AllowAddress,
  checkHttpBounds,
  checkTiming,
  readAddress,
  type CheckedTiming,
  type HttpBounds,
  type PollTiming,
} from "../http/index.ts";
import { createOutlet, type Outlet, type OutletOptions } from "../outlet.ts";
import { compileTemplate, type Template } from "../template.ts";
import type { ReadBounds } from "./reader.ts";

/** One feed. */
export interface FeedAddress {
  /**
   * An http or https address. A name and password in the address are sent as `Authorization:
   * Basic`.
   */
  readonly url: string | URL;
  /**
   * The feed's name in topics, reports and the memory, at most 100 characters. Default: the host of
   * the address.
   */
  readonly name?: string | undefined;
  /** The feed's name for people. Default: the feed's own title. */
  readonly title?: string | undefined;
  /** Further request headers, beside those of all feeds. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Interval between rounds, in milliseconds. Default: the interval of all feeds. */
  readonly intervalMs?: number | undefined;
}

/** The feeds to follow, and the form of their updates. */
export interface FeedSourceOptions extends PollTiming, HttpBounds, OutletOptions {
  /**
   * One feed or several, at most 1,000, as addresses or addresses with a name. Each feed is
   * followed on its own.
   */
  readonly feeds: string | URL | FeedAddress | readonly (string | URL | FeedAddress)[];
  /** Further request headers for every feed. They go to its own origin alone. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Interval between rounds, in milliseconds, 1,000 to 7 days. Default 300,000, because people
   * write feeds.
   */
  readonly intervalMs?: number | undefined;
  /**
   * The topic. `{feed}` is the feed's name and `{item}` a hash that names the item in its feed,
   * both percent-encoded. Default `/news/{feed}`. Subscribe to that topic for one feed, or to the
   * pattern `/news/:feed` for all.
   */
  readonly topic?: string | undefined;
  /** Event type of the updates. Default `item`. */
  readonly type?: string | undefined;
  /** How many of the newest items of a new feed are published, 0 to 10,000. Default 20. */
  readonly first?: number | undefined;
  /**
   * How many items of each feed are remembered, 100 to 100,000. The item that has been gone for
   * longest is forgotten first. Items in the feed are never forgotten. Default 2,000.
   */
  readonly remember?: number | undefined;
  /**
   * Whether a known item is published again, with `updated: true`, when its title, link or summary
   * has changed. Default false.
   */
  readonly updates?: boolean | undefined;
  /**
   * Decides whether an IP address may be asked, such as `isPublicAddress`. Checked at each connection, also of a redirect.
   * Default: every address.
   */
  readonly allowAddress?: AllowAddress | undefined;
  /**
   * Most items of one document, 1 to 100,000, counted from its front. Further items are left out
   * with a warning. Default 10,000.
   */
  readonly maxItems?: number | undefined;
  /** Longest summary, in characters: 0 to 10,000. Default 300. */
  readonly summaryLength?: number | undefined;
  /**
   * Longest time to parse one document, in milliseconds, 10 to 3,600,000. A feed that takes longer is a failure that passes.
   * Default 10,000.
   */
  readonly parseTimeoutMs?: number | undefined;
  /**
   * Memory of the thread that parses, in bytes, 16 MiB to 16 GiB. A feed that needs more is a failure that passes. The sources of a
   * process share one thread for each value. Default 256 MiB.
   */
  readonly maxParseBytes?: number | undefined;
}

/** One checked feed. */
export interface FeedPlan {
  readonly url: URL;
  /** The address as given, including credentials. */
  readonly address: string | URL;
  readonly name: string;
  readonly title: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timing: CheckedTiming;
}

/** {@link FeedSourceOptions}, checked. */
export interface FeedsPlan {
  readonly feeds: readonly FeedPlan[];
  readonly http: HttpBounds & { readonly allowAddress: AllowAddress | undefined };
  readonly outlet: Outlet;
  readonly topic: Template;
  readonly type: string;
  readonly first: number;
  readonly remember: number;
  readonly updates: boolean;
  readonly bounds: ReadBounds;
  readonly once: boolean;
}

const DEFAULT_INTERVAL_MS = 300_000;
const MAX_FEEDS = 1000;
const MAX_NAME = 100;

/** @throws TypeError with the option and its allowed values. */
export function planOf(options: FeedSourceOptions): FeedsPlan {
  const given =
    typeof options.feeds === "string" || options.feeds instanceof URL || "url" in options.feeds ? [options.feeds] : options.feeds;
  if (given.length === 0) throw new TypeError("feeds: there is none. Name at least one address.");
  if (given.length > MAX_FEEDS) throw new TypeError(`feeds: ${given.length} are more than ${MAX_FEEDS}. Use several sources.`);
  const feeds = given.map((feed) => feedPlan(options, typeof feed === "string" || feed instanceof URL ? { url: feed } : feed));
  const names = new Set<string>();
  for (const { name } of feeds) {
    // Two feeds of one name would share a topic and a memory.
    if (names.has(name)) throw new TypeError(`feeds: two are called "${name}". Give each its own name.`);
    names.add(name);
  }
  const topic = compileTemplate(options.topic ?? "/news/{feed}");
  const unknown = topic.names.find((name) => name !== "feed" && name !== "item");
  if (unknown !== undefined) throw new TypeError(`topic: {${unknown}} means nothing here. Use {feed} or {item}.`);
  return {
    feeds,
    http: { ...checkHttpBounds(options), allowAddress: options.allowAddress },
    outlet: createOutlet(options),
    topic,
    type: options.type ?? "item",
    first: bounded("first", options.first, { fallback: 20, min: 0, max: 10_000 }),
    remember: bounded("remember", options.remember, { fallback: 2000, min: 100, max: 100_000 }),
    updates: options.updates ?? false,
    bounds: {
      maxItems: bounded("maxItems", options.maxItems, { fallback: 10_000, min: 1, max: 100_000 }),
      summaryLength: bounded("summaryLength", options.summaryLength, { fallback: 300, min: 0, max: 10_000 }),
      timeoutMs: bounded("parseTimeoutMs", options.parseTimeoutMs, { fallback: 10_000, min: 10, max: 3_600_000 }),
      memoryBytes: bounded("maxParseBytes", options.maxParseBytes, { fallback: 2 ** 28, min: 2 ** 24, max: 2 ** 34 }),
    },
    once: options.once ?? false,
  };
}

function feedPlan(options: FeedSourceOptions, feed: FeedAddress): FeedPlan {
  const { url } = readAddress(feed.url);
  const name = feed.name ?? url.host;
  if (name === "" || name.length > MAX_NAME || /[\p{Cc}\p{Cf}\p{Cs}]/u.test(name) || name === "." || name === "..") {
    throw new TypeError(`feeds: the name ${JSON.stringify(name)} can't be. Take 1 to ${MAX_NAME} visible characters.`);
  }
  const headers = { ...options.headers, ...feed.headers };
  // Throws TypeError for headers that can't be sent.
  void new Headers(headers);
  const intervalMs = feed.intervalMs ?? options.intervalMs;
  return { url, address: feed.url, name, title: feed.title, headers, timing: checkTiming({ ...options, intervalMs }, DEFAULT_INTERVAL_MS) };
}
