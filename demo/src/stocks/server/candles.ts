import type { Candle } from "./wire.ts";

/** A growing candle. */
type Growing = { -readonly [Key in keyof Candle]: Candle[Key] };

/** The newest candles of one length, from live prices. Server and page use the same code. */
export class CandleSeries {
  readonly #step: number;
  readonly #kept: number;
  #candles: Growing[];

  /**
   * @param step - Length of a candle, in seconds.
   * @param kept - How many lengths back from the newest candle are kept, even if some have no
   *   candle.
   * @param candles - Candles to continue from, in order of time.
   */
  constructor(step: number, kept: number, candles: readonly Candle[] = []) {
    this.#step = step;
    this.#kept = kept;
    this.#candles = candles.map((candle) => ({ ...candle }));
  }

  /** The oldest first. Spans without a price have none. */
  get all(): readonly Candle[] {
    return this.#candles;
  }

  get last(): Candle | undefined {
    return this.#candles.at(-1);
  }

  /**
   * Adds a price. A late price counts for the range of its span. A price from before all kept
   * candles restarts the series, because its origin's clock was set back, or a file is played
   * again.
   *
   * @param at - When the price was paid, in milliseconds since 1970.
   * @param volume - The volume traded at the price.
   * @returns Whether the newest candle is changed or new, and no other.
   */
  add(at: number, price: number, volume: number): boolean {
    const time = Math.floor(at / 1000 / this.#step) * this.#step;
    const last = this.#candles.at(-1);
    if (last === undefined || time > last.time) {
      this.#candles.push(candleOf(time, price, volume));
      const since = time - this.#step * this.#kept;
      while ((this.#candles[0]?.time ?? time) <= since) this.#candles.shift();
      return true;
    }
    if (time === last.time) {
      widen(last, price, volume);
      last.close = price;
      return true;
    }
    if (last.time - time > this.#step * this.#kept) {
      this.#candles = [candleOf(time, price, volume)];
      return false;
    }
    const late = this.#candles.findLast((candle) => candle.time <= time);
    if (late?.time === time) widen(late, price, volume);
    return false;
  }

  /**
   * Computes the closing prices of longer spans, the oldest first. Spans without a price are left
   * out.
   *
   * @param step - Length of a span, in seconds.
   * @param most - Most spans.
   * @returns The prices, and when the last span began, in seconds since 1970, or 0 if there is
   *   none.
   */
  closes(step: number, most: number): { readonly closes: readonly number[]; readonly time: number } {
    const closes: number[] = [];
    let span = Infinity;
    for (let i = this.#candles.length - 1; i >= 0 && closes.length < most; i--) {
      const candle = this.#candles[i];
      if (candle === undefined || Math.floor(candle.time / step) >= span) continue;
      span = Math.floor(candle.time / step);
      closes.push(candle.close);
    }
    return { closes: closes.toReversed(), time: Math.floor((this.last?.time ?? 0) / step) * step };
  }
}

function candleOf(time: number, price: number, volume: number): Growing {
  return { time, open: price, high: price, low: price, close: price, volume };
}

function widen(candle: Growing, price: number, volume: number): void {
  candle.high = Math.max(candle.high, price);
  candle.low = Math.min(candle.low, price);
  candle.volume += volume;
}
