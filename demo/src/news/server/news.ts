import { setMaxListeners } from "node:events";
import type { Matcher } from "artesian";
import { feedSource, volatileMemory } from "artesian-sources";
import { FeedState } from "./feed-state.ts";
import { followFeed } from "./follow-feed.ts";
import { INTERVAL_MS, type NewsFeed, type NewsOptions, SAMPLE_INTERVAL_MS, SILENT } from "./options.ts";
import { problem } from "./problem.ts";
import { SAMPLE_FEEDS } from "./sample.ts";
import { answerSample, isSamplePath } from "./sample-site.ts";
import { StatusBoard } from "./status-board.ts";
import { FEEDS_PATH, type FeedsState, MAX_FEEDS, STATUS_TOPIC } from "./wire.ts";

/** The topics that only the news publish. */
export const NEWS_TOPICS: readonly Matcher[] = [
  { type: "urlpattern", pattern: "/news/*" },
  { type: "exact", pattern: STATUS_TOPIC },
];

/** The news' server part. */
export interface News {
  /**
   * Whether a path is one of the news' own: the feeds' states, and the sample feeds. The pages
   * serve the rest.
   */
  handles(pathname: string): boolean;
  /** Answers a request to one of the news' paths. */
  fetch(request: Request): Promise<Response>;
  /**
   * Stops following the feeds. Found items are published first. Call this before the hub's `close`.
   */
  close(): Promise<void>;
}

interface Followed {
  readonly feed: NewsFeed;
  readonly sample: boolean;
}

/**
 * Follows feeds, publishes their headlines to the hub, and reports the feeds' states. Starts at
 * once.
 *
 * @throws TypeError with the remedy, for an invalid feed or option.
 */
export function createNews(options: NewsOptions): News {
  const { hub, sample, memory = volatileMemory(), logger = SILENT, now = Date.now } = options;
  const followed = feedsOf(options);
  const board = new StatusBoard({ hub, logger, debounceMs: options.statusDebounceMs ?? 250 });
  const stop = new AbortController();
  // Each feed and each of its requests adds a listener, so their number is bounded.
  setMaxListeners(MAX_FEEDS * 4, stop.signal);
  const states: FeedState[] = [];
  const running = followed.map(({ feed, sample }) => {
    const polling = { ...options.polling, ...(sample ? { intervalMs: SAMPLE_INTERVAL_MS } : {}) };
    const state = new FeedState({ ...feed, sample, intervalMs: polling.intervalMs ?? INTERVAL_MS, now });
    states.push(state);
    return followFeed({ hub, feed, state, board, memory, polling, now, logger, signal: stop.signal });
  });
  return {
    handles: (pathname) => pathname === FEEDS_PATH || (sample !== undefined && isSamplePath(pathname)),
    fetch: (request) => Promise.resolve(answer(request)),
    async close() {
      stop.abort();
      await Promise.all(running);
      await board.close();
    },
  };

  function answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return problem("method_not_allowed", "Read the news with GET.", { Allow: "GET, HEAD" });
    }
    if (sample !== undefined && isSamplePath(pathname)) return answerSample(request, now());
    if (pathname !== FEEDS_PATH) return problem("not_found", `The feeds' states are at ${FEEDS_PATH}.`);
    const body: FeedsState = { feeds: states.map(({ status }) => status), now: new Date(now()).toISOString() };
    return Response.json(body, { headers: { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" } });
  }
}

/** The given feeds, then the sample feeds. All are checked before any request. */
function feedsOf({ feeds, sample, polling }: NewsOptions): readonly Followed[] {
  if (sample !== undefined && !URL.canParse(sample)) throw new TypeError(`createNews: sample is not an origin: ${JSON.stringify(sample)}.`);
  const samples = sample === undefined ? [] : SAMPLE_FEEDS;
  const followed = [
    ...feeds.map((feed) => ({ feed, sample: false })),
    ...samples.map(({ name, path }) => ({ feed: { name, url: new URL(path, sample).href }, sample: true })),
  ];
  if (followed.length > MAX_FEEDS) throw new TypeError(`createNews: ${followed.length} feeds are more than ${MAX_FEEDS}.`);
  // Throws for duplicate names, and for an invalid address or bound.
  if (followed.length > 0) feedSource({ ...polling, feeds: followed.map(({ feed }) => feed) });
  return followed;
}
