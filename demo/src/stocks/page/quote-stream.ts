import type { ClientEvent } from "artesian-client";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { LiveSource } from "artesian-ui/live-source.ts";
import { QUOTES_PATTERN, quoteTopic } from "../server/wire.ts";

/** More topics than this, or a longer address, and they are asked for by their pattern: a hub takes 100 matchers. */
const MAX_TOPICS = 90;
const MAX_QUERY = 4000;

/** As much as a screen can show: four states a second, of each symbol the newest, and a snapshot to begin with. */
const PACE = "interval=250&latest=on&last=1000";

export interface QuoteStreamOptions {
  readonly onEvent: (event: ClientEvent) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** The page's one stream. What it follows can be changed: the old stream stays until the new one is there, so nothing flickers. */
export class QuoteStream {
  readonly #options: QuoteStreamOptions;
  #source: LiveSource | undefined;
  #url: string | undefined;
  /** Counts the streams. */
  #number = 0;
  #isLive = false;
  /** The stream before, while the new one is not live yet. */
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
      // It begins with the newest price of each symbol, which needs no cursor.
      lastEventId: "",
      onEvent: this.#options.onEvent,
      onConnection: (connection) => this.#moved(number, connection),
    });
  }

  close(): void {
    this.#leave();
    this.#source?.close();
  }

  /** @param number - Of the stream: it may tell something before there is a reference to it. */
  #moved(number: number, connection: Connection): void {
    const isLive = connection.state === "live";
    if (number === this.#number) {
      this.#isLive = isLive;
      if (isLive) this.#leave();
    } else if (!isLive) {
      this.#leave();
    }
    // As long as the stream before brings prices, how far the new one is concerns nobody.
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
