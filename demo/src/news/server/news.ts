import { setMaxListeners } from "node:events";
import type { Matcher } from "artesian";
import { feedSource, isPublicAddress, SourceError, volatileMemory } from "artesian-sources";
import { FeedState } from "./feed-state.ts";
import { followFeed } from "./follow-feed.ts";
import { opmlOf } from "./opml.ts";
import { INTERVAL_MS, type NewsFeed, type NewsOptions, SAMPLE_INTERVAL_MS, SILENT } from "./options.ts";
import { isPicturePath, PictureLinks } from "./pictures/picture-links.ts";
import { PICTURE_LIMITS } from "./pictures/picture-limits.ts";
import { Pictures } from "./pictures/pictures.ts";
import { problem } from "./problem.ts";
import { readJson, refuseOtherPages } from "./read-request.ts";
import { type Followed, type Origin, Roster } from "./roster.ts";
import { SAMPLE_FEEDS } from "./sample.ts";
import { answerSample, isSamplePath } from "./sample-site.ts";
import { StatusBoard } from "./status-board.ts";
import { type AddFeeds, MAX_FEEDS, OPML_PATH } from "./adding-feeds.ts";
import { feedTopic, FEEDS_PATH, type FeedsState, STATUS_TOPIC } from "./wire.ts";

/** The topics that only the news publish. */
export const NEWS_TOPICS: readonly Matcher[] = [
  { type: "urlpattern", pattern: "/news/*" },
  { type: "exact", pattern: STATUS_TOPIC },
];

/** The news' server part. */
export interface News {
  /**
   * Whether a path is one of the news' own: the feeds' states, the list of feeds as OPML, pictures,
   * and the sample feeds. The pages serve the rest.
   */
  handles(pathname: string): boolean;
  /** Whether a topic is that of a feed that is followed now. */
  follows(topic: string): boolean;
  /** Answers a request to one of the news' paths. */
  fetch(request: Request): Promise<Response>;
  /**
   * Stops following the feeds. Found items are published first. Call this before the hub's `close`.
   */
  close(): Promise<void>;
}

const OWN_HEADERS = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };

/**
 * Follows feeds, publishes their headlines to the hub, and reports the feeds' states. Starts at
 * once.
 *
 * @throws TypeError with the remedy, for an invalid feed or option.
 */
export function createNews(options: NewsOptions): News {
  const { hub, sample, memory = volatileMemory(), logger = SILENT, now = Date.now, allowAddress = isPublicAddress } = options;
  const samples = samplesOf(options);
  const board = new StatusBoard({ hub, logger, debounceMs: options.statusDebounceMs ?? 250 });
  const links = new PictureLinks(memory, logger);
  const pictures = new Pictures({ links, allowAddress, logger, limits: { ...PICTURE_LIMITS, ...options.pictures } });
  const roster = new Roster({ given: options.feeds, samples, memory, allowAddress, follow, onChange: () => board.listChanged() });
  return {
    handles: (pathname) =>
      pathname === FEEDS_PATH || pathname === OPML_PATH || isPicturePath(pathname) || (sample !== undefined && isSamplePath(pathname)),
    follows: (topic) => roster.followed.some(({ feed }) => feedTopic(feed.name) === topic),
    fetch: answer,
    async close() {
      await Promise.all([roster.close(), pictures.close()]);
      await board.close();
    },
  };

  function follow(feed: NewsFeed, origin: Origin, onItems: () => void): Followed {
    const isSample = origin === "sample";
    const polling = {
      ...options.polling,
      ...(isSample ? { intervalMs: SAMPLE_INTERVAL_MS } : {}),
      // The operator's own feeds may be anywhere.
      ...(origin === "added" ? { allowAddress } : {}),
    };
    const intervalMs = polling.intervalMs ?? INTERVAL_MS;
    const state = new FeedState({ ...feed, sample: isSample, removable: origin === "added", intervalMs, now });
    const stop = new AbortController();
    // Each request adds a listener, so their number is bounded.
    setMaxListeners(MAX_FEEDS * 4, stop.signal);
    const running = followFeed({ hub, feed, state, board, memory, links, polling, now, logger, onItems, signal: stop.signal });
    return {
      feed,
      origin,
      state,
      stop() {
        stop.abort();
        return running;
      },
    };
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (pathname === FEEDS_PATH && (request.method === "POST" || request.method === "DELETE")) {
      return refuseOtherPages(request) ?? (await change(request));
    }
    if (!isRead) {
      const allowed = pathname === FEEDS_PATH ? "GET, HEAD, POST, DELETE" : "GET, HEAD";
      return problem("method_not_allowed", `Use ${allowed}.`, { Allow: allowed });
    }
    if (sample !== undefined && isSamplePath(pathname)) return answerSample(request, now());
    if (isPicturePath(pathname)) return await pictures.answer(request);
    const followed = await roster.list();
    if (pathname === OPML_PATH) {
      const headers = {
        ...OWN_HEADERS,
        "Content-Type": "text/x-opml; charset=utf-8",
        "Content-Disposition": 'attachment; filename="feeds.opml"',
      };
      return new Response(opmlOf(followed), { headers });
    }
    if (pathname !== FEEDS_PATH) return problem("not_found", `The feeds' states are at ${FEEDS_PATH}.`);
    const body: FeedsState = { feeds: followed.map(({ state }) => state.status), now: new Date(now()).toISOString() };
    return Response.json(body, { headers: OWN_HEADERS });
  }

  /** Adds feeds, or removes one. */
  async function change(request: Request): Promise<Response> {
    try {
      if (request.method === "POST") {
        const body = await readJson(request);
        if (body instanceof Response) return body;
        if (!isAddFeeds(body)) return problem("invalid_body", `Send { "feeds": [{ "url": "https://…" }] } with 1 to ${MAX_FEEDS} feeds.`);
        return Response.json(await roster.add(body.feeds), { headers: OWN_HEADERS });
      }
      const outcome = await roster.remove(new URL(request.url).searchParams.get("name") ?? "");
      if (outcome === "not_removable") return problem("not_removable", "Leave it out of the command that starts the server.");
      return outcome ? new Response(null, { status: 204, headers: OWN_HEADERS }) : problem("unknown_feed", "Name a feed with ?name=.");
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      logger.error({ err: error }, "the list of feeds was not kept");
      return problem("unavailable", "The server's log says why.");
    }
  }

  /** The sample feeds. All feeds are checked before any request. */
  function samplesOf({ feeds, polling }: NewsOptions): readonly NewsFeed[] {
    if (sample !== undefined && !URL.canParse(sample))
      throw new TypeError(`createNews: sample is not an origin: ${JSON.stringify(sample)}.`);
    const own = sample === undefined ? [] : SAMPLE_FEEDS.map(({ name, path }) => ({ name, url: new URL(path, sample).href }));
    const count = feeds.length + own.length;
    if (count > MAX_FEEDS) throw new TypeError(`createNews: ${count} feeds are more than ${MAX_FEEDS}.`);
    // Throws for duplicate names, and for an invalid address or bound.
    if (count > 0) feedSource({ ...polling, feeds: [...feeds, ...own] });
    return own;
  }
}

function isAddFeeds(body: unknown): body is AddFeeds {
  const feeds: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "feeds") : undefined;
  return (
    Array.isArray(feeds) &&
    feeds.length > 0 &&
    feeds.length <= MAX_FEEDS &&
    (feeds as unknown[]).every((feed) => {
      const { url, title } = (feed ?? {}) as Partial<Record<string, unknown>>;
      return typeof url === "string" && (title === undefined || typeof title === "string");
    })
  );
}
