import { CandleSeries } from "../server/candles.ts";
import { type Candle, CANDLE_STEPS, CANDLES_KEPT, type CandleStep, type StockQuote } from "../server/wire.ts";
import type { MarketStore } from "./market-store.ts";
import { untilDone } from "./retry.ts";
import { fetchCandles } from "./stocks-api.ts";

export interface ChartDataOptions {
  readonly store: MarketStore;
  readonly symbol: string;
  readonly step: CandleStep;
  /** Told all candles, once they have come, and whenever others than the newest have changed. */
  readonly onReset: (candles: readonly Candle[]) => void;
  /** Told the newest candle as it changes. */
  readonly onUpdate: (candle: Candle) => void;
}

/**
 * The candles of one symbol: those that the server has kept, then live ones from the prices that the page receives. These are
 * at most four a second, so a live candle may miss the tip of a wick until it is asked for again.
 *
 * @returns Stops it.
 */
export function followCandles({ store, symbol, step, onReset, onUpdate }: ChartDataOptions): () => void {
  const stop = new AbortController();
  let series: CandleSeries | undefined;
  /** What came while the past was on its way. */
  let early: (readonly [StockQuote, number])[] = [];

  function take(quote: StockQuote, traded: number): void {
    if (series === undefined) {
      early.push([quote, traded]);
      return;
    }
    const isNewest = series.add(quote.at, quote.price, traded);
    const { last } = series;
    if (isNewest && last !== undefined) onUpdate(last);
    else if (series.all.length === 1) onReset(series.all);
  }

  async function load(): Promise<void> {
    const candles = await untilDone(() => fetchCandles(symbol, step, stop.signal), stop.signal);
    series = new CandleSeries(CANDLE_STEPS[step], CANDLES_KEPT, candles);
    // The server knows what came before it answered; a candle that began since is new.
    const known = candles.at(-1)?.time ?? 0;
    onReset(series.all);
    for (const [quote, traded] of early) {
      if (quote.at / 1000 >= known) take(quote, candles.length === 0 ? traded : 0);
    }
    early = [];
  }

  const deafen = store.listen(symbol, take);
  // It rejects only when it was stopped.
  load().catch(() => undefined);
  return () => {
    deafen();
    stop.abort();
  };
}
