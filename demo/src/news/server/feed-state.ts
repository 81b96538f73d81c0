import { HttpError, type SourceEvent, TemporaryError } from "artesian-sources";
import { type FeedFailure, type FeedStatus, feedTopic } from "./wire.ts";

export interface FeedStateOptions {
  readonly name: string;
  readonly url: string;
  /** The operator's name for the feed. */
  readonly title?: string | undefined;
  readonly sample: boolean;
  readonly removable: boolean;
  readonly intervalMs: number;
  readonly now: () => number;
}

/** Facts from a feed's documents, kept across restarts. An unchanged feed repeats none of them. */
export interface KnownFeed {
  readonly title?: string | undefined;
  readonly link?: string | undefined;
  readonly items?: number | undefined;
}

/** Importance of a change: `news` to readers, `quiet` if only a time has moved. */
export type Change = "none" | "quiet" | "news";

/** The state of one feed, folded from its source's reports. */
export class FeedState {
  readonly #options: FeedStateOptions;
  #known: KnownFeed = {};
  #lastFetch: number | undefined;
  #nextFetch: number | undefined;
  #failingSince: number | undefined;
  #failure: FeedFailure | undefined;
  #version: number;

  constructor(options: FeedStateOptions) {
    this.#options = options;
    // Starts from the clock, so that a page's older state from before a restart does not win.
    this.#version = options.now();
  }

  get known(): KnownFeed {
    return this.#known;
  }

  get status(): FeedStatus {
    const { name, url, title, sample, removable, intervalMs } = this.#options;
    const { origin, pathname } = new URL(url);
    return {
      name,
      title: title ?? this.#known.title ?? name,
      link: this.#known.link,
      address: `${origin}${pathname}`,
      topic: feedTopic(name),
      items: this.#known.items,
      intervalMs,
      lastFetch: timeOf(this.#lastFetch),
      nextFetch: timeOf(this.#nextFetch),
      failingSince: timeOf(this.#failingSince),
      failure: this.#failure,
      sample,
      removable,
      version: this.#version,
    };
  }

  /**
   * Takes over the facts from earlier documents.
   *
   * @returns Whether they are news.
   */
  learn(known: KnownFeed): Change {
    const before = this.#known;
    this.#known = {
      title: known.title ?? before.title,
      link: known.link ?? before.link,
      items: known.items ?? before.items,
    };
    if (JSON.stringify(before) === JSON.stringify(this.#known)) return "none";
    this.#version += 1;
    return "news";
  }

  /**
   * Takes over an event.
   *
   * @returns The importance of the change.
   */
  note(event: SourceEvent): Change {
    const { now } = this.#options;
    switch (event.kind) {
      case "fetched": {
        const recovered = this.#failingSince !== undefined || this.#lastFetch === undefined;
        this.#lastFetch = now();
        this.#failingSince = undefined;
        this.#failure = undefined;
        // An "unchanged" answer does not hold the document's number of items.
        const items = event.bytes > 0 ? this.learn({ items: event.items }) : "none";
        this.#version += 1;
        return recovered ? "news" : items === "none" ? "quiet" : items;
      }
      case "failed":
        return this.fail(event.error, event.retryInMs);
      case "waiting":
        this.#nextFetch = now() + event.nextInMs;
        this.#version += 1;
        return "quiet";
      case "published":
      case "warning":
        return "none";
    }
  }

  fail(error: Error, retryInMs: number): Change {
    const { now } = this.#options;
    const failure = failureOf(error);
    const isNews = failure.code !== this.#failure?.code || failure.status !== this.#failure.status;
    this.#failingSince ??= now();
    this.#failure = failure;
    this.#nextFetch = now() + retryInMs;
    this.#version += 1;
    return isNews ? "news" : "quiet";
  }
}

function failureOf(error: Error): FeedFailure {
  if (error instanceof HttpError) return { code: error.code, status: error.code === "status" ? error.status : undefined };
  return { code: error instanceof TemporaryError ? "not_a_feed" : "other" };
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
