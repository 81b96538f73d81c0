import { connectTopics, type LiveTopics } from "artesian-client";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { PAGE_OPTIONS, watchConnection } from "artesian-ui/live-connection.ts";
import { QUOTES_PATTERN, quoteTopic } from "../server/wire.ts";
import { ByteMeter, type ReceivedEvent } from "./byte-meter.ts";

/**
 * Most topics that are requested by name. More are requested by pattern, because a hub takes 100
 * matchers. Tabs share a stream, and each may add a few symbols.
 */
const MAX_TOPICS = 80;

export interface QuoteStreamOptions {
  /** Least time between two writes of the hub, in milliseconds. */
  readonly paceMs: number;
  readonly onQuote: (event: ReceivedEvent) => void;
  /** Prices are missing, so shown ones may be old. */
  readonly onGap: () => void;
  readonly onConnection: (connection: Connection) => void;
}

/** A stream with a pace, and how to leave the topics. */
interface Paced {
  readonly live: LiveTopics;
  /** Ends the following of each topic. */
  readonly followed: Map<string, () => void>;
  readonly unwatch: () => void;
}

/** The prices of the symbols that the page follows. */
export class QuoteStream {
  readonly #options: QuoteStreamOptions;
  readonly #meter = new ByteMeter();
  #topics: ReadonlySet<string> = new Set();
  #current: Paced;
  /** The stream of another pace, while connecting. */
  #next: Paced | undefined;

  constructor(options: QuoteStreamOptions) {
    this.#options = options;
    this.#current = this.#open(options.paceMs, options.onConnection);
  }

  /** Bytes a second of late, as the hub sends them uncompressed. Undefined before the first second. */
  get bytesPerSecond(): number | undefined {
    return this.#next === undefined ? this.#meter.perSecond(performance.now()) : undefined;
  }

  /** @param symbols - Undefined for all. */
  follow(symbols: readonly string[] | undefined): void {
    const isAll = symbols === undefined || symbols.length === 0 || symbols.length > MAX_TOPICS;
    this.#topics = new Set(isAll ? [QUOTES_PATTERN] : symbols.map(quoteTopic));
    this.#apply(this.#current);
    if (this.#next !== undefined) this.#apply(this.#next);
  }

  /** Changes the pace. The old stream goes on until the new stream is live, so that nothing stands still. */
  pace(paceMs: number): void {
    if (this.#next !== undefined) close(this.#next);
    let isTaken = false;
    const next = this.#open(paceMs, (connection) => {
      if (isTaken) this.#options.onConnection(connection);
      else if (connection.state === "live") {
        isTaken = true;
        // Not within the new stream's constructor.
        queueMicrotask(() => this.#take(next, connection));
      }
    });
    this.#next = next;
  }

  close(): void {
    close(this.#current);
    if (this.#next !== undefined) close(this.#next);
  }

  #take(next: Paced, connection: Connection): void {
    if (this.#next !== next) return;
    close(this.#current);
    this.#current = next;
    this.#next = undefined;
    this.#meter.restart(performance.now());
    this.#options.onConnection(connection);
  }

  /**
   * Opens a stream with as much as a screen can show: so many states a second with the newest of each
   * symbol, and a snapshot at first.
   */
  #open(paceMs: number, onConnection: (connection: Connection) => void): Paced {
    const live = connectTopics(`/events/stream?interval=${paceMs}&latest=on&last=1000`, PAGE_OPTIONS);
    live.onGap(this.#options.onGap);
    const paced = { live, followed: new Map<string, () => void>(), unwatch: watchConnection(live, onConnection) };
    this.#apply(paced);
    return paced;
  }

  #apply({ live, followed }: Paced): void {
    for (const topic of this.#topics) {
      if (!followed.has(topic)) followed.set(topic, live.topic(topic).on("*", this.#onEvent));
    }
    for (const [topic, stop] of followed) {
      if (this.#topics.has(topic)) continue;
      stop();
      followed.delete(topic);
    }
  }

  readonly #onEvent = (event: ReceivedEvent): void => {
    this.#meter.add(performance.now(), event);
    this.#options.onQuote(event);
  };
}

function close({ live, unwatch }: Paced): void {
  unwatch();
  live.close();
}
