import { connect, type Live } from "artesian-client";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { PAGE_OPTIONS, watchConnection } from "artesian-ui/live-connection.ts";
import { QUOTES_PATTERN, quoteTopic } from "../server/wire.ts";

/**
 * Most topics that are requested by name. More are requested by pattern, because a hub takes 100
 * matchers. Tabs share a stream, and each may add a few symbols.
 */
const MAX_TOPICS = 80;

/**
 * As much as a screen can show: four states a second with the newest of each symbol, and a snapshot
 * at first.
 */
const PACED_URL = "/events/stream?interval=250&latest=on&last=1000";

export interface QuoteStreamOptions {
  readonly onQuote: (event: { readonly type: string; readonly data: string }) => void;
  /** Prices are missing, so shown ones may be old. */
  readonly onGap: () => void;
  readonly onConnection: (connection: Connection) => void;
}

/** The prices of the symbols that the page follows. */
export class QuoteStream {
  readonly #live: Live = connect(PACED_URL, PAGE_OPTIONS);
  readonly #onQuote: QuoteStreamOptions["onQuote"];
  /** Ends the following of each topic. */
  readonly #followed = new Map<string, () => void>();

  constructor({ onQuote, onGap, onConnection }: QuoteStreamOptions) {
    this.#onQuote = onQuote;
    this.#live.onGap(onGap);
    watchConnection(this.#live, onConnection);
  }

  /** @param symbols - Undefined for all. */
  follow(symbols: readonly string[] | undefined): void {
    const isAll = symbols === undefined || symbols.length === 0 || symbols.length > MAX_TOPICS;
    const topics = new Set(isAll ? [QUOTES_PATTERN] : symbols.map(quoteTopic));
    for (const topic of topics) {
      if (!this.#followed.has(topic)) this.#followed.set(topic, this.#live.topic(topic).on("*", this.#onQuote));
    }
    for (const [topic, stop] of this.#followed) {
      if (topics.has(topic)) continue;
      stop();
      this.#followed.delete(topic);
    }
  }

  close(): void {
    this.#live.close();
  }
}
