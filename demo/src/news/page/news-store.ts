import { connectTopics, type LiveTopics } from "artesian-client";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { PAGE_OPTIONS, watchConnection } from "artesian-ui/live-connection.ts";
import { FEEDS_PATH, type FeedStatus, NEWS_TYPES, STATUS_TOPIC } from "../server/wire.ts";
import { newestFirst } from "./arrange.ts";
import { FeedsUnavailable, fetchFeeds, fetchNewest } from "./fetch-feeds.ts";
import { type Headline, isOtherList, parseHeadline, parseStatuses } from "./headline.ts";

const STREAM_PATH = "/events/stream";

/** Most headlines of one feed. Older ones are removed. */
const MAX_PER_FEED = 100;
const LOAD_BACKOFF_MS = { min: 700, max: 8000 };

/** The page's state. */
export interface NewsView {
  /** Whether the feeds are known and their first headlines placed, so that nothing moves later. */
  readonly loaded: boolean;
  readonly connection: Connection;
  readonly feeds: readonly FeedStatus[];
  /** Newest first. */
  readonly shown: readonly Headline[];
  /** New headlines that wait for the reader, newest first. */
  readonly held: readonly Headline[];
  /** The headlines that were shown last. */
  readonly fresh: ReadonlySet<string>;
  /** Lead of the server's clock over this one, in milliseconds. */
  readonly aheadMs: number;
}

/**
 * The news as this page knows them: the newest of each feed, and then a stream. Later
 * headlines are held until the reader asks for them, so that nothing moves under their eyes.
 */
export class NewsStore {
  readonly #listeners = new Set<() => void>();
  readonly #shown = new Map<string, Headline>();
  readonly #held = new Map<string, Headline>();
  /** For each feed, the time up to which headlines are no news, in milliseconds since 1970. */
  readonly #knownUntil = new Map<string, number>();
  #incoming: Headline[] = [];
  #openedAt: number | undefined;
  #rolling = false;
  #live: LiveTopics | undefined;
  #topics = "";
  /** Whether headlines may be missing. */
  #isBehind = false;
  #isLoading = false;
  /** Whether the list of feeds has changed since the request. */
  #isOutdated = false;
  #view: NewsView = {
    loaded: false,
    connection: { state: "connecting" },
    feeds: [],
    shown: [],
    held: [],
    fresh: new Set(),
    aheadMs: 0,
  };

  constructor() {
    this.#load();
  }

  get view(): NewsView {
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Shows the new headlines, of one feed or of all.
   *
   * @returns The newest of them.
   */
  show(feed?: string): Headline | undefined {
    const accepted = this.#view.held.filter((headline) => feed === undefined || headline.feed === feed);
    for (const headline of accepted) {
      this.#held.delete(headline.id);
      this.#shown.set(headline.id, headline);
    }
    if (accepted.length > 0) this.#settle(new Set(accepted.map(({ id }) => id)));
    return accepted[0];
  }

  /** Sets whether new headlines are shown as they arrive. */
  roll(rolling: boolean): void {
    this.#rolling = rolling;
    if (rolling) this.show();
  }

  /** Reads the list of feeds again, after feeds were added or removed. */
  reload(): void {
    this.#isOutdated = true;
    this.#load();
  }

  /** Requests the feeds and their states until the answer arrives. */
  #load(): void {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.#isOutdated = false;
    void this.#tryLoad().finally(() => {
      this.#isLoading = false;
      if (this.#isBehind || this.#isOutdated) this.#load();
    });
  }

  async #tryLoad(): Promise<void> {
    const since = Date.now();
    for (let delayMs = LOAD_BACKOFF_MS.min; ; delayMs = Math.min(delayMs * 2, LOAD_BACKOFF_MS.max)) {
      try {
        const { feeds, now } = await fetchFeeds(FEEDS_PATH);
        this.#openedAt ??= now;
        this.#set({ feeds: this.#merge(feeds, feeds), aheadMs: now - Date.now() });
        await this.#listen(feeds.map(({ topic }) => topic)).finally(() => {
          if (!this.#view.loaded) this.#takeIn(true);
        });
        return;
      } catch (error) {
        if (this.#live === undefined) {
          const problem = error instanceof FeedsUnavailable ? await sentenceOf(error) : undefined;
          this.#set({ connection: { state: "reconnecting", since, problem } });
        }
        await pause(delayMs);
      }
    }
  }

  /**
   * Takes the newest headlines, and follows those after them. The stream is another only if the
   * server has come back with other feeds.
   */
  async #listen(feedTopics: readonly string[]): Promise<void> {
    const key = feedTopics.join(" ");
    const isOther = this.#live === undefined || this.#topics !== key;
    if (!isOther && !this.#isBehind) return;
    this.#isBehind = false;
    const topics = [...feedTopics, STATUS_TOPIC];
    const { updates, cursor } = await fetchNewest(STREAM_PATH, topics).catch((error: unknown) => {
      this.#isBehind = true;
      throw error;
    });
    for (const { type, data } of updates) this.#onEvent(type, data);
    if (!isOther) return;
    this.#topics = key;
    this.#live?.close();
    const live = connectTopics(STREAM_PATH, { ...PAGE_OPTIONS, lastEventId: cursor });
    this.#live = live;
    for (const topic of topics) live.topic(topic).on("*", ({ type, data }) => this.#onEvent(type, data));
    live.onGap(() => {
      this.#isBehind = true;
      this.#load();
    });
    watchConnection(live, (connection) => {
      // States are not replayed for long, and another server may have other feeds.
      if (connection.state === "live" && this.#view.connection.state !== "live") this.#load();
      this.#set({ connection });
    });
  }

  #onEvent(type: string | undefined, data: string): void {
    if (type === NEWS_TYPES.status) {
      const changed = parseStatuses(data);
      this.#set({ feeds: this.#merge(this.#view.feeds, changed) });
      if (isOtherList(data)) this.reload();
    } else if (type === NEWS_TYPES.item) {
      const headline = parseHeadline(data);
      if (headline === undefined || this.#shown.has(headline.id) || this.#held.has(headline.id)) return;
      // Headlines that arrive together are placed together.
      if (this.#incoming.length === 0) setTimeout(() => this.#takeIn());
      this.#incoming.push(headline);
    }
  }

  #takeIn(loaded = this.#view.loaded): void {
    const rolledIn = new Set<string>();
    for (const headline of this.#incoming) {
      const until = this.#knownUntil.get(headline.feed);
      // If a feed has nothing to read yet, nobody is reading.
      const limit = until ?? Math.max(this.#openedAt ?? 0, headline.seenAt);
      if (until === undefined) this.#knownUntil.set(headline.feed, limit);
      if (headline.seenAt <= limit) this.#shown.set(headline.id, headline);
      else if (this.#rolling) {
        this.#shown.set(headline.id, headline);
        rolledIn.add(headline.id);
      } else this.#held.set(headline.id, headline);
    }
    this.#incoming = [];
    this.#settle(rolledIn.size > 0 ? rolledIn : this.#view.fresh, loaded);
  }

  #settle(fresh: ReadonlySet<string>, loaded = this.#view.loaded): void {
    this.#set({ loaded, shown: newestOf(this.#shown), held: newestOf(this.#held), fresh });
  }

  /** Keeps the newer state of each feed. */
  #merge(feeds: readonly FeedStatus[], changed: readonly FeedStatus[]): readonly FeedStatus[] {
    const known = new Map(this.#view.feeds.map((status) => [status.name, status]));
    return feeds.map((status) => {
      const states = [known.get(status.name), changed.find(({ name }) => name === status.name)];
      return states.reduce<FeedStatus>((newest, state) => (state !== undefined && state.version > newest.version ? state : newest), status);
    });
  }

  #set(change: Partial<NewsView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** Sorts the newest first. Keeps a bounded number for each feed and forgets the others. */
function newestOf(headlines: Map<string, Headline>): readonly Headline[] {
  const counts = new Map<string, number>();
  return newestFirst(headlines.values()).filter(({ id, feed }) => {
    const count = (counts.get(feed) ?? 0) + 1;
    counts.set(feed, count);
    if (count > MAX_PER_FEED) headlines.delete(id);
    return count <= MAX_PER_FEED;
  });
}

/** Waits, but not longer than until the network is back. */
async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      removeEventListener("online", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    addEventListener("online", finish);
  });
}

/**
 * Returns the trouble later, in the language of that moment. Undefined if the words can't be loaded
 * either.
 */
async function sentenceOf(error: FeedsUnavailable): Promise<(() => string) | undefined> {
  try {
    const { unavailableText } = await import("./trouble/unavailable-text.ts");
    return () => unavailableText(error);
  } catch {
    // The badge tells that the page has no connection.
    return undefined;
  }
}
