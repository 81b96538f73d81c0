import type { Matcher } from "artesian";
import { type QuotesOptions, quotesSource, type SimulatedQuotesOptions, type Source } from "artesian-sources";
import { answer } from "./answer.ts";
import { COMPANIES } from "./companies.ts";
import { followHub } from "./follow-hub.ts";
import { REAL_TTL_MS, SILENT, SIMULATED_TTL_MS, type StocksOptions } from "./options.ts";
import { readHistory } from "./history-store.ts";
import { keepHistory } from "./keep-history.ts";
import { PriceHistory, type SymbolHistory } from "./price-history.ts";
import { problem } from "./problem.ts";
import { type RunOptions, runSource } from "./run-source.ts";
import { createMarket, defaultMarket } from "./simulated-market.ts";
import { watchWatchers } from "./watchers.ts";
import { API } from "./wire.ts";

/** The topics that only the stocks publish, unless their source is `none`. */
export const STOCKS_TOPICS: readonly Matcher[] = [{ type: "urlpattern", pattern: "/quotes/*" }];

/** Longest wait of a request for the history after the start, in milliseconds. */
const READY_MS = 10_000;

/** The stock ticker's server part. */
export interface Stocks {
  /** Whether a path is one of the stocks' own, below `/stocks/api/`. The pages serve the rest. */
  handles(pathname: string): boolean;
  fetch(request: Request): Promise<Response>;
  /** Stops publishing prices and following the hub. Call this before the hub's `close`. */
  close(): Promise<void>;
}

/**
 * Publishes prices to a hub, and keeps their history for charts. The history has candles
 * of ten minutes, ten hours, a week and a year of each symbol. It is folded from the hub's own
 * journal, and kept in `historyFile`.
 *
 * @throws TypeError when an option is out of range.
 */
export function createStocks(options: StocksOptions): Stocks {
  const { hub, source = defaultMarket(), idleMs = 60_000, maxSymbols = 1000, logger = SILENT, historyFile } = options;
  checkNumber("idleMs", idleMs, 0, Infinity);
  checkNumber("maxSymbols", maxSymbols, 1, 10_000);
  const isMade = isSimulated(source);
  const ttlMs = options.ttlMs ?? (isMade ? SIMULATED_TTL_MS : REAL_TTL_MS);
  checkNumber("ttlMs", ttlMs, 1, 31_622_400_000);
  // Checked here, so that a mistake in the options throws to the caller.
  const running = source === "none" ? undefined : "run" in source ? source : quotesSource(source);
  const names = new Map(options.source === undefined ? COMPANIES.map((company) => [company.symbol, company]) : []);
  const history = new PriceHistory(maxSymbols, names);
  const watchers = watchWatchers(hub);
  const stop = new AbortController();
  const { signal } = stop;
  const run: RunOptions = { hub, ttlMs, logger, signal };

  let tellLive = (): void => undefined;
  let tellReady = (): void => undefined;
  const live = new Promise<void>((resolve) => (tellLive = resolve));
  const ready = new Promise<void>((resolve) => (tellReady = resolve));
  let cursor: string | undefined;
  const restoring = restore();
  const keeper = historyFile === undefined ? undefined : keepHistory(historyFile, history, () => cursor ?? "earliest", logger);
  const keep = async (): Promise<void> => await keeper?.save();
  const market = isMade ? createMarket(source, { ...run, history, watchers, idleMs, onReady: () => tellReady(), keep }) : undefined;

  /** Takes over the kept history, of the same kind of prices. */
  async function restore(): Promise<void> {
    if (historyFile === undefined) return;
    const isWanted = ({ quote }: SymbolHistory): boolean => quote.simulated === isMade;
    try {
      cursor = await readHistory(historyFile, history, maxSymbols, isWanted);
    } catch (error) {
      logger.warn({ err: error, path: historyFile }, "the kept history of prices can't be read; a new one begins");
    }
  }

  const following = restoring.then(() =>
    followHub({ hub, history, logger, signal, after: cursor, onLive: tellLive, onUpdate: (id) => (cursor = id) }),
  );
  const publish = async (): Promise<void> => {
    await live;
    if (market === undefined) tellReady();
    void ready.then(keep);
    if (market !== undefined) return await market.run();
    if (running !== undefined) await runSource(running, run);
  };
  const publishing = publish();
  // Nothing in this promise is expected to reject. If it does, the page must not wait for it.
  publishing.catch((error: unknown) => {
    logger.error({ err: error }, "the stocks do not publish any more");
    tellReady();
  });

  return {
    handles: (pathname) => pathname.startsWith(`${API}/`),
    async fetch(request) {
      const isReady = await within(ready, READY_MS);
      // The past of a market that nobody follows ends now as well.
      if (isReady && !signal.aborted) await market?.catchUp();
      return isReady ? answer(request, history) : problem("unavailable", "Try again in a second.", { "Retry-After": "1" });
    },
    async close() {
      stop.abort();
      tellLive();
      tellReady();
      watchers.close();
      await Promise.allSettled([following, publishing]);
      await keeper?.close();
    },
  };
}

function isSimulated(source: QuotesOptions | Source | "none"): source is SimulatedQuotesOptions {
  return source !== "none" && "from" in source && source.from === "simulated";
}

function checkNumber(option: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw new TypeError(`createStocks: ${option} must be from ${min} to ${max}; it is ${value}.`);
}

/** @returns Whether the promise resolved in that time. */
async function within(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
