import type { Candle } from "./wire.ts";

/** A candle that still grows. */
type Growing = { -readonly [Key in keyof Candle]: Candle[Key] };

/** The newest candles of one length, from prices as they come. Server and page make theirs with the same code. */
export class CandleSeries {
  readonly #step: number;
  readonly #kept: number;
  #candles: Growing[];

  /**
   * @param step - Length of a candle, in seconds.
   * @param kept - For how many of them back from the newest they are kept, whether there are that many or not.
   * @param candles - To go on from, in order of time.
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
   * Adds a price. One that is late counts for the range of its span; one from before all that is kept begins anew, for
   * then the clock of its origin was set back, or a file is played again.
   *
   * @param at - When it was paid, in milliseconds since 1970.
   * @param volume - What was traded with it.
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
   * The closing prices of longer spans, the oldest first; spans without a price are left out.
   *
   * @param step - Their length, in seconds.
   * @param most - How many.
   * @returns Also when the last of them began, in seconds since 1970; 0 where there is none.
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
