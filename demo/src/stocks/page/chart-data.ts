import { CandleSeries } from "../server/candles.ts";
import { NOTHING_TRADED, type Traded, volumeIn } from "../server/session.ts";
import { type Candle, CANDLE_STEPS, CANDLES_KEPT, type CandleStep, type StockQuote } from "../server/wire.ts";
import type { MarketStore } from "./market-store.ts";
import { untilDone } from "./retry.ts";
import { fetchCandles } from "./stocks-api.ts";

export interface ChartDataOptions {
  readonly store: MarketStore;
  readonly symbol: string;
  readonly step: CandleStep;
  /** Called with all candles, once they have arrived, and after a change of any but the newest. */
  readonly onReset: (candles: readonly Candle[]) => void;
  /** Called with the newest candle as it changes. */
  readonly onUpdate: (candle: Candle) => void;
}

/** A symbol whose candles are followed. */
export interface FollowedCandles {
  /** All of them, the oldest first. Undefined until the past has arrived. */
  candles(): readonly Candle[] | undefined;
  stop(): void;
}

/**
 * Follows the candles of one symbol: those from the server, then live ones from the page's prices.
 * The page receives at most four prices a second, so a live candle may miss the tip of a wick until
 * the next request.
 */
export function followCandles({ store, symbol, step, onReset, onUpdate }: ChartDataOptions): FollowedCandles {
  const stop = new AbortController();
  let series: CandleSeries | undefined;
  /** Prices that arrived before the past did. */
  let early: (readonly [StockQuote, Traded])[] = [];

  function take(quote: StockQuote, traded: Traded): void {
    if (series === undefined) {
      early.push([quote, traded]);
      return;
    }
    const isNewest = series.add(quote.at, quote.price, volumeIn(traded, CANDLE_STEPS[step]));
    const { last } = series;
    if (isNewest && last !== undefined) onUpdate(last);
    else if (series.all.length === 1) onReset(series.all);
  }

  async function load(): Promise<void> {
    const candles = await untilDone(() => fetchCandles(symbol, step, stop.signal), stop.signal);
    series = new CandleSeries(CANDLE_STEPS[step], CANDLES_KEPT[step], candles);
    // The server's answer covers its earlier prices. A candle that began later is new.
    const known = candles.at(-1)?.time ?? 0;
    onReset(series.all);
    for (const [quote, traded] of early) {
      if (quote.at / 1000 >= known) take(quote, candles.length === 0 ? traded : NOTHING_TRADED);
    }
    early = [];
  }

  const deafen = store.listen(symbol, take);
  // Rejects only after a stop.
  load().catch(() => undefined);
  return {
    candles: () => series?.all,
    stop() {
      deafen();
      stop.abort();
    },
  };
}
