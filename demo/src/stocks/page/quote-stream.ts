import type { ClientEvent } from "artesian-client";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { LiveSource } from "artesian-ui/live-source.ts";
import { QUOTES_PATTERN, quoteTopic } from "../server/wire.ts";

/**
 * Most topics that are requested by name. More, or a longer address, are requested by pattern,
 * because a hub takes 100 matchers.
 */
const MAX_TOPICS = 90;
const MAX_QUERY = 4000;

/**
 * As much as a screen can show: four states a second with the newest of each symbol, and a snapshot
 * at first.
 */
const PACE = "interval=250&latest=on&last=1000";

export interface QuoteStreamOptions {
  readonly onEvent: (event: ClientEvent) => void;
  readonly onConnection: (connection: Connection) => void;
}

/**
 * The page's one stream. When its symbols change, the old stream stays until the new one is live,
 * so nothing flickers.
 */
export class QuoteStream {
  readonly #options: QuoteStreamOptions;
  #source: LiveSource | undefined;
  #url: string | undefined;
  /** Counts the streams. */
  #number = 0;
  #isLive = false;
  /** The last stream, while the new one is not live yet. */
  #leaving: LiveSource | undefined;

  constructor(options: QuoteStreamOptions) {
    this.#options = options;
  }

  /** @param symbols - Undefined for all. */
  follow(symbols: readonly string[] | undefined): void {
    const url = streamUrl(symbols);
    if (url === this.#url) return;
    this.#url = url;
    this.#leave();
    if (this.#isLive) this.#leaving = this.#source;
    else this.#source?.close();
    this.#isLive = false;
    const number = (this.#number += 1);
    this.#source = new LiveSource({
      url,
      match: [],
      // The stream begins with the newest price of each symbol, which needs no cursor.
      lastEventId: "",
      onEvent: this.#options.onEvent,
      onConnection: (connection) => this.#moved(number, connection),
    });
  }

  close(): void {
    this.#leave();
    this.#source?.close();
  }

  /** @param number - Number of the stream, which may report before a reference to it exists. */
  #moved(number: number, connection: Connection): void {
    const isLive = connection.state === "live";
    if (number === this.#number) {
      this.#isLive = isLive;
      if (isLive) this.#leave();
    } else if (!isLive) {
      this.#leave();
    }
    // While the last stream brings prices, the new one's progress does not matter.
    if (this.#leaving === undefined) this.#options.onConnection(connection);
  }

  #leave(): void {
    this.#leaving?.close();
    this.#leaving = undefined;
  }
}

function streamUrl(symbols: readonly string[] = []): string {
  const topics = symbols.length > MAX_TOPICS ? [] : symbols.toSorted().map((symbol) => `match=${encodeURIComponent(quoteTopic(symbol))}`);
  const query = topics.join("&");
  return `/events/stream?${query === "" || query.length > MAX_QUERY ? `match_urlpattern=${QUOTES_PATTERN}` : query}&${PACE}`;
}
