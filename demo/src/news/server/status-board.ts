import type { Hub } from "artesian";
import type { Change, FeedState } from "./feed-state.ts";
import type { NewsLogger } from "./options.ts";
import { NEWS_TYPES, STATUS_TOPIC, type StatusUpdate } from "./wire.ts";

/**
 * Interval of reports that a feed was requested without news, in milliseconds. The journal keeps
 * every report.
 */
const QUIET_MS = 60_000;

/**
 * How long the journal replays a state, in milliseconds. A page that was away for longer requests
 * all states.
 */
const TTL_MS = 60_000;

export interface StatusBoardOptions {
  readonly hub: Hub;
  readonly logger: NewsLogger;
  readonly debounceMs: number;
}

/** Publishes the feeds' states to the pages, several changes at a time. */
export class StatusBoard {
  readonly #options: StatusBoardOptions;
  readonly #changed = new Set<FeedState>();
  readonly #toldAt = new Map<FeedState, number>();
  #isOtherList = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(options: StatusBoardOptions) {
    this.#options = options;
  }

  changed(state: FeedState, change: Change): void {
    if (change === "none") return;
    if (change === "quiet" && !this.#changed.has(state) && performance.now() - (this.#toldAt.get(state) ?? -Infinity) < QUIET_MS) return;
    this.#changed.add(state);
    this.#tellSoon();
  }

  /** Feeds were added or removed. */
  listChanged(): void {
    this.#isOtherList = true;
    this.#tellSoon();
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#telling = this.#tell();
    }, this.#options.debounceMs);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#telling;
  }

  async #tell(): Promise<void> {
    const states = [...this.#changed];
    this.#changed.clear();
    for (const state of states) this.#toldAt.set(state, performance.now());
    const data: StatusUpdate = { feeds: states.map(({ status }) => status), ...(this.#isOtherList ? { isOtherList: true } : {}) };
    this.#isOtherList = false;
    try {
      await this.#options.hub.publish({ topic: STATUS_TOPIC, type: NEWS_TYPES.status, data: JSON.stringify(data), ttlMs: TTL_MS });
    } catch (error) {
      // The next change, or the next page that opens, covers this state.
      this.#options.logger.warn({ err: error }, "how the feeds do was not published");
    }
  }
}
