import { type SourceEvent, TemporaryError } from "artesian-sources";
import { type FeedStatus, feedTopic } from "./wire.ts";

export interface FeedStateOptions {
  readonly name: string;
  /** What the operator calls it. */
  readonly title?: string | undefined;
  readonly sample: boolean;
  readonly intervalMs: number;
  readonly now: () => number;
}

/** What a feed told of itself, kept across restarts: a feed that has not changed since tells nothing. */
export interface KnownFeed {
  readonly title?: string | undefined;
  readonly link?: string | undefined;
  readonly items?: number | undefined;
}

/** How much a change matters: `news` to whoever looks on, `quiet` when only a time has moved. */
export type Change = "none" | "quiet" | "news";

/** How one feed does, folded from what its source reports. */
export class FeedState {
  readonly #options: FeedStateOptions;
  #known: KnownFeed = {};
  #lastFetch: number | undefined;
  #nextFetch: number | undefined;
  #failingSince: number | undefined;
  #reason: string | undefined;
  #version: number;

  constructor(options: FeedStateOptions) {
    this.#options = options;
    // By the clock, so that what a page knows from before a restart does not hold against it.
    this.#version = options.now();
  }

  get known(): KnownFeed {
    return this.#known;
  }

  get status(): FeedStatus {
    const { name, title, sample, intervalMs } = this.#options;
    return {
      name,
      title: title ?? this.#known.title ?? name,
      link: this.#known.link,
      topic: feedTopic(name),
      items: this.#known.items,
      intervalMs,
      lastFetch: timeOf(this.#lastFetch),
      nextFetch: timeOf(this.#nextFetch),
      failingSince: timeOf(this.#failingSince),
      reason: this.#reason,
      sample,
      version: this.#version,
    };
  }

  /** Takes up what it told before. @returns Whether that is news. */
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

  /** Takes up what happened. @returns How much that matters. */
  note(event: SourceEvent): Change {
    const { now } = this.#options;
    switch (event.kind) {
      case "fetched": {
        const recovered = this.#failingSince !== undefined || this.#lastFetch === undefined;
        this.#lastFetch = now();
        this.#failingSince = undefined;
        this.#reason = undefined;
        // Of an answer that says "unchanged", the number is not that of the document.
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
    // Other errors' text was not written for whoever reads the page.
    const reason = error instanceof TemporaryError ? error.message : "It can't be followed right now; the server's log says why.";
    const isNews = reason !== this.#reason;
    this.#failingSince ??= now();
    this.#reason = reason;
    this.#nextFetch = now() + retryInMs;
    this.#version += 1;
    return isNews ? "news" : "quiet";
  }
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
