import { type Hub, HubError, type TextUpdate } from "artesian";
import { feedSource, type FeedSourceOptions, type SourceMemory } from "artesian-sources";
import type { FeedState, KnownFeed } from "./feed-state.ts";
import type { NewsFeed, NewsLogger } from "./options.ts";
import type { PictureLinks } from "./pictures/picture-links.ts";
import type { StatusBoard } from "./status-board.ts";

/**
 * Pause before a retry after a refusal of the hub or the memory, in milliseconds. Doubled from the
 * first value up to the second.
 */
const RETRY_MS = { min: 1000, max: 30_000 };

/** The hub's temporary refusals. */
const PASSING: ReadonlySet<string> = new Set(["journal_full", "journal_unavailable", "internal"]);

export interface FollowOptions {
  readonly hub: Hub;
  readonly feed: NewsFeed;
  readonly state: FeedState;
  readonly board: StatusBoard;
  readonly memory: SourceMemory;
  readonly links: PictureLinks;
  readonly polling: Omit<FeedSourceOptions, "feeds">;
  readonly now: () => number;
  readonly logger: NewsLogger;
  /** Called again and again while the feed has items. */
  readonly onItems: () => void;
  readonly signal: AbortSignal;
}

/** Follows one feed until the signal aborts. A source that has ended is restarted after a while. */
export async function followFeed(options: FollowOptions): Promise<void> {
  const { feed, state, board, memory, polling, logger, signal } = options;
  const log = { feed: feed.name };
  const source = feedSource({ ...polling, feeds: { url: feed.url, name: feed.name, title: feed.title } });
  const recall = createRecall(options);
  for (let delayMs = RETRY_MS.min; !signal.aborted; delayMs = Math.min(delayMs * 2, RETRY_MS.max)) {
    try {
      await recall.load();
      await source.run({
        memory,
        signal,
        publish: (updates) => publish(options, updates, recall.learn),
        report(event) {
          if (event.kind === "failed") logger.warn({ ...log, err: event.error }, "the feed could not be fetched");
          if (event.kind === "warning") logger.warn(log, event.message);
          board.changed(state, state.note(event));
          if ((state.known.items ?? 0) > 0) options.onItems();
          recall.save();
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      logger.error({ ...log, err: error }, "the feed is begun anew");
      board.changed(state, state.fail(error instanceof Error ? error : new Error(String(error)), delayMs));
    }
    await pause(delayMs, signal);
  }
}

/** Keeps a feed's facts about itself, beside its items. */
function createRecall({ feed, state, board, memory, logger }: FollowOptions): {
  load(): Promise<void>;
  readonly learn: (known: KnownFeed) => void;
  save(): void;
} {
  const key = `${feed.name}/about`;
  let saved: string | undefined;
  return {
    async load() {
      saved = await memory.get(key);
      board.changed(state, state.learn(parseKnown(saved)));
    },
    learn: (known) => board.changed(state, state.learn(known)),
    save() {
      const text = JSON.stringify(state.known);
      if (text === saved) return;
      saved = text;
      // Only needed by the page until the feed changes again.
      memory.set(key, text).catch((error: unknown) => logger.warn({ err: error, feed: feed.name }, "the feed's title was not kept"));
    },
  };
}

function parseKnown(text: string | undefined): KnownFeed {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    const { title, link, items } = (value ?? {}) as Record<string, unknown>;
    return {
      title: typeof title === "string" ? title : undefined,
      link: typeof link === "string" ? link : undefined,
      items: typeof items === "number" ? items : undefined,
    };
  } catch {
    // Same as without an entry.
    return {};
  }
}

/** Publishes the source's items, with the time at which they were seen. */
async function publish(options: FollowOptions, found: readonly TextUpdate[], learn: (known: KnownFeed) => void): Promise<void> {
  const { hub, feed, links, now, logger, signal } = options;
  const seen = new Date(now()).toISOString();
  const updates: TextUpdate[] = [];
  for (const update of found) {
    const { image, ...data } = JSON.parse(update.data ?? "{}") as { readonly feed?: KnownFeed; readonly image?: string };
    if (data.feed !== undefined) learn({ title: data.feed.title, link: data.feed.link });
    const picture = image === undefined ? undefined : await links.pathOf(image);
    updates.push({ ...update, data: JSON.stringify({ ...data, picture, seen }) });
  }
  for (let delayMs = RETRY_MS.min; ; delayMs = Math.min(delayMs * 2, RETRY_MS.max)) {
    signal.throwIfAborted();
    try {
      await hub.publishBatch(updates);
      return;
    } catch (error) {
      if (error instanceof HubError && !PASSING.has(error.code)) throw error;
      logger.warn({ err: error, feed: feed.name }, "headlines were not published, and are tried again");
      await pause(delayMs, signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
  });
}
