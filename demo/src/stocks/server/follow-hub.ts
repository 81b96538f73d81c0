import type { Hub } from "artesian";
import type { StocksLogger } from "./options.ts";
import { parseQuote } from "./parse-quote.ts";
import type { PriceHistory } from "./price-history.ts";
import { waitMs } from "./wait.ts";
import { QUOTES_PATTERN } from "./wire.ts";

const RESTART_MS = { min: 250, max: 10_000 };

export interface FollowOptions {
  readonly hub: Hub;
  readonly history: PriceHistory;
  readonly logger: StocksLogger;
  readonly signal: AbortSignal;
  /** Event id to follow after, of a history that was kept. Default: from the oldest update held. */
  readonly after?: string | undefined;
  /** Called once, when the journal's content from before the start is in the history. */
  readonly onLive: () => void;
  /** Called with the id of each update, before the price is in the history. */
  readonly onUpdate: (id: string) => void;
}

/**
 * Folds the prices in the hub's journal, and each later price, into the history, until the signal
 * is aborted. Every publisher's prices count, so that the charts show the same prices as
 * subscribers got.
 */
export async function followHub({ hub, history, logger, signal, after, onLive, onUpdate }: FollowOptions): Promise<void> {
  let lastEventId = after ?? "earliest";
  /** Times of the kept prices, while the journal repeats them because the journal does not know the id. */
  let kept: ReadonlyMap<string, number> | undefined;
  let delayMs = RESTART_MS.min;
  let isFull = false;
  while (!signal.aborted) {
    try {
      const live = (): void => {
        kept = undefined;
        onLive();
      };
      for await (const update of hub.subscribe({ matchUrlPattern: QUOTES_PATTERN, lastEventId, onLive: live, signal })) {
        if (update.id === undefined) kept = new Map([...history.quotes()].map(([symbol, { at }]) => [symbol, at]));
        else onUpdate((lastEventId = update.id));
        delayMs = RESTART_MS.min;
        const quote = parseQuote(update.type, update.data);
        if (quote === undefined || quote.at <= (kept?.get(quote.symbol) ?? -Infinity)) continue;
        if (history.add(quote) || isFull) continue;
        isFull = true;
        logger.warn({ symbol: quote.symbol }, "there are more symbols than histories are kept of (maxSymbols); further ones have no chart");
      }
    } catch (error) {
      if (!signal.aborted) logger.error({ err: error, delayMs }, "the stocks lost their subscription and take it up again");
    }
    await waitMs(delayMs, signal);
    delayMs = Math.min(RESTART_MS.max, delayMs * 2);
  }
}
