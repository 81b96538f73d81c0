import type { Connection } from "artesian-ui/connection-badge.tsx";
import { parseQuote } from "../server/parse-quote.ts";
import type { Traded } from "../server/session.ts";
import type { StockQuote } from "../server/wire.ts";
import { QuoteStream } from "./quote-stream.ts";
import { untilDone } from "./retry.ts";
import { fetchBoard } from "./stocks-api.ts";
import { Ticker } from "./ticker.ts";

/** Most symbols on a page, as many as its snapshot has. */
const MAX_SYMBOLS = 1000;

/** Interval of the summary of all prices, in milliseconds. */
const VIEW_MS = 1000;

/**
 * Delay before a new symbol is listed, in milliseconds, together with others that arrive with it.
 * Also the delay before the first price is counted.
 */
const NEW_MS = 30;

/**
 * The past that was requested so long before the stream is live, in milliseconds, may have a hole
 * that shows in charts.
 */
const HOLE_MS = 2000;

/** The page's state beside the prices themselves, which are painted without it. */
export interface MarketView {
  readonly connection: Connection;
  /** Whether the server has named its symbols. */
  readonly loaded: boolean;
  /** Counts the server's answers about the past, as after a break. Charts must be redrawn then. */
  readonly rounds: number;
  /** All known symbols, in no order. The array is replaced when a symbol is added. */
  readonly symbols: readonly string[];
  readonly up: number;
  readonly down: number;
  readonly flat: number;
  /** Whether any price is simulated. */
  readonly simulated: boolean;
  /** When the newest price arrived at this page, in milliseconds since 1970. */
  readonly receivedAt: number | undefined;
  readonly paused: boolean;
}

export type QuoteListener = (quote: StockQuote, traded: Traded) => void;

/**
 * All prices of the page. Thousands may arrive in a second, so they are only recorded on arrival.
 * Changes are painted once a frame, by the elements that show them.
 */
export class MarketStore {
  readonly #tickers = new Map<string, Ticker>();
  readonly #painters = new Map<string, Set<(ticker: Ticker) => void>>();
  readonly #listeners = new Set<() => void>();
  readonly #quoteListeners = new Map<string, Set<QuoteListener>>();
  readonly #changed = new Set<string>();
  /** Prices that arrived while the page was paused. */
  readonly #waiting = new Map<string, StockQuote>();
  readonly #stop = new AbortController();
  readonly #stream: QuoteStream;
  readonly #onPrice: (quote: StockQuote) => void;
  #frame: number | undefined;
  #viewTimer: ReturnType<typeof setTimeout> | undefined;
  #viewDueAt = Infinity;
  #view: MarketView = {
    connection: { state: "connecting" },
    loaded: false,
    rounds: 0,
    symbols: [],
    up: 0,
    down: 0,
    flat: 0,
    simulated: false,
    receivedAt: undefined,
    paused: false,
  };
  #receivedAt: number | undefined;
  /** Whether the charts' past may have a hole. */
  #isBehind = true;
  /** When the past was last requested, in milliseconds of the monotonic clock. */
  #learntAt = -Infinity;

  /**
   * @param paceMs - Least time between two writes of the hub, in milliseconds.
   * @param onPrice - Called with each price on arrival, also while the page is paused.
   */
  constructor(paceMs: number, onPrice: (quote: StockQuote) => void = () => undefined) {
    this.#onPrice = onPrice;
    this.#stream = new QuoteStream({
      paceMs,
      onQuote: ({ type, data }) => this.#onQuote(type, data),
      onGap: () => this.#onGap(),
      onConnection: (connection) => this.#onConnection(connection),
    });
    // Beside the stream's start: the page shows nothing before it knows the symbols.
    void this.#learn();
  }

  get view(): MarketView {
    return this.#view;
  }

  ticker(symbol: string): Ticker {
    let ticker = this.#tickers.get(symbol);
    if (ticker === undefined) {
      ticker = new Ticker(symbol);
      this.#tickers.set(symbol, ticker);
    }
    return ticker;
  }

  /** @param symbols - The symbols to follow, or undefined for all. */
  follow(symbols: readonly string[] | undefined): void {
    this.#stream.follow(symbols);
  }

  /** Bytes a second that the page receives. Undefined until that is known. */
  get bytesPerSecond(): number | undefined {
    return this.#stream.bytesPerSecond;
  }

  /** Changes the least time between two writes of the hub, in milliseconds. */
  pace(paceMs: number): void {
    this.#stream.pace(paceMs);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Paints a symbol now, and in each frame before which it changed. Undefined paints an empty symbol, once. */
  paint(symbol: string | undefined, painter: (ticker: Ticker) => void): () => void {
    if (symbol === undefined) {
      painter(new Ticker(""));
      return () => undefined;
    }
    painter(this.ticker(symbol));
    return add(this.#painters, symbol, painter);
  }

  /** Calls the listener with each price of a symbol on arrival. */
  listen(symbol: string, listener: QuoteListener): () => void {
    return add(this.#quoteListeners, symbol, listener);
  }

  /** Holds everything still. The newest price of each symbol waits until the page goes on. */
  pause(paused: boolean): void {
    this.#set({ paused });
    if (paused) return;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const quote of waiting) this.#take(quote);
    // Charts have missed the prices between, and the past may have changed.
    if (waiting.length > 0 || this.#isBehind) void this.#learn();
    this.#schedule();
    this.#recount({});
  }

  close(): void {
    this.#stop.abort();
    this.#stream.close();
    clearTimeout(this.#viewTimer);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  #onGap(): void {
    // The next price of each symbol is its newest. Omitted symbols are not known to be current.
    this.#isBehind = true;
    this.#markStale();
    if (!this.#view.paused) void this.#learn();
  }

  #onQuote(type: string, data: string): void {
    const quote = parseQuote(type, data);
    if (quote === undefined) return;
    this.#onPrice(quote);
    if (this.#view.paused) {
      if (this.#waiting.has(quote.symbol) || this.#waiting.size < MAX_SYMBOLS) this.#waiting.set(quote.symbol, quote);
      return;
    }
    this.#take(quote);
  }

  #take(quote: StockQuote): void {
    const { symbol } = quote;
    const isNew = !this.#tickers.has(symbol);
    if (isNew && this.#tickers.size >= MAX_SYMBOLS) return;
    const traded = this.ticker(symbol).take(quote);
    this.#receivedAt = Date.now();
    for (const listener of this.#quoteListeners.get(symbol) ?? []) listener(quote, traded);
    this.#changed.add(symbol);
    this.#schedule();
    const isFirst = this.#view.receivedAt === undefined;
    this.#count(isNew || isFirst ? NEW_MS : VIEW_MS);
  }

  #onConnection(connection: Connection): void {
    if (connection.state === "live") {
      const isCurrent = performance.now() - this.#learntAt <= HOLE_MS;
      if (this.#isBehind && !isCurrent && !this.#view.paused) void this.#learn();
    } else {
      this.#isBehind = true;
    }
    this.#set({ connection });
  }

  #markStale(): void {
    for (const ticker of this.#tickers.values()) {
      ticker.isStale = ticker.quote !== undefined;
      this.#changed.add(ticker.symbol);
    }
    this.#schedule();
  }

  /** Requests the past of all symbols. */
  async #learn(): Promise<void> {
    this.#isBehind = false;
    try {
      const { listings } = await untilDone(() => {
        this.#learntAt = performance.now();
        return fetchBoard(this.#stop.signal);
      }, this.#stop.signal);
      if (this.#view.paused) {
        this.#isBehind = true;
        return;
      }
      for (const listing of listings.slice(0, MAX_SYMBOLS)) {
        this.ticker(listing.quote.symbol).learn(listing);
        this.#changed.add(listing.quote.symbol);
      }
    } catch {
      // The store was closed meanwhile.
      return;
    }
    this.#schedule();
    this.#recount({ loaded: true, rounds: this.#view.rounds + 1 });
  }

  #schedule(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      for (const symbol of this.#changed) {
        for (const painter of this.#painters.get(symbol) ?? []) painter(this.ticker(symbol));
      }
      this.#changed.clear();
    });
  }

  #count(withinMs: number): void {
    const dueAt = Date.now() + withinMs;
    if (dueAt >= this.#viewDueAt) return;
    clearTimeout(this.#viewTimer);
    this.#viewDueAt = dueAt;
    this.#viewTimer = setTimeout(() => this.#recount({}), withinMs);
  }

  #recount(change: Partial<MarketView>): void {
    clearTimeout(this.#viewTimer);
    this.#viewDueAt = Infinity;
    let [up, down, flat, simulated] = [0, 0, 0, false];
    for (const { quote } of this.#tickers.values()) {
      if (quote === undefined) continue;
      if (quote.change > 0) up += 1;
      else if (quote.change < 0) down += 1;
      else flat += 1;
      simulated ||= quote.simulated;
    }
    const known = [...this.#tickers.values()].filter(({ quote }) => quote !== undefined).map(({ symbol }) => symbol);
    const symbols = known.length === this.#view.symbols.length ? this.#view.symbols : known;
    this.#set({ ...change, symbols, up, down, flat, simulated, receivedAt: this.#receivedAt });
  }

  #set(change: Partial<MarketView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function add<T>(map: Map<string, Set<T>>, key: string, value: T): () => void {
  const set = map.get(key) ?? new Set<T>();
  map.set(key, set.add(value));
  return () => {
    set.delete(value);
    if (set.size === 0 && map.get(key) === set) map.delete(key);
  };
}
