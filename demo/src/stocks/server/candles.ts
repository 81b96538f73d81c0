import type { Candle } from "./wire.ts";

/** The numbers of a candle in a row: time, open, high, low, close, volume. */
const WIDTH = 6;
const [TIME, OPEN, HIGH, LOW, CLOSE, VOLUME] = [0, 1, 2, 3, 4, 5] as const;

/** Candles that a new series has room for. */
const FIRST_ROOM = 16;

/**
 * The newest candles of one length, from live prices. Server and page use the same code. The
 * numbers stand in one array, a ring, at 48 bytes a candle.
 */
export class CandleSeries {
  readonly #step: number;
  readonly #kept: number;
  #rows: Float64Array<ArrayBuffer>;
  /** Place of the oldest candle in the ring. */
  #first = 0;
  #count = 0;

  /**
   * @param step - Length of a candle, in seconds.
   * @param kept - How many lengths back from the newest candle are kept, even if some have no
   *   candle.
   * @param candles - Candles to continue from, in order of time.
   */
  constructor(step: number, kept: number, candles: readonly Candle[] = []) {
    this.#step = step;
    this.#kept = kept;
    const held = candles.slice(-kept);
    this.#rows = new Float64Array(Math.min(kept, Math.max(FIRST_ROOM, held.length)) * WIDTH);
    for (const { time, open, high, low, close, volume } of held) {
      this.#rows.set([time, open, high, low, close, volume], this.#count * WIDTH);
      this.#count += 1;
    }
  }

  /** Copies of the candles, the oldest first. Spans without a price have none. */
  get all(): readonly Candle[] {
    return Array.from({ length: this.#count }, (_, index) => this.#read(index));
  }

  get last(): Candle | undefined {
    return this.#count === 0 ? undefined : this.#read(this.#count - 1);
  }

  /** A copy, which later prices do not change. */
  copy(): CandleSeries {
    const copy = new CandleSeries(this.#step, this.#kept);
    copy.#rows = this.#rows.slice();
    copy.#first = this.#first;
    copy.#count = this.#count;
    return copy;
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
    const newest = this.#count === 0 ? undefined : this.#number(this.#count - 1, TIME);
    if (newest === undefined || time > newest) {
      this.#push(time, price, volume);
      return true;
    }
    if (time === newest) {
      this.#widen(this.#count - 1, price, volume);
      this.#rows[this.#place(this.#count - 1) + CLOSE] = price;
      return true;
    }
    if (newest - time > this.#step * this.#kept) {
      this.#first = 0;
      this.#count = 0;
      this.#push(time, price, volume);
      return false;
    }
    let late = this.#count - 1;
    while (late >= 0 && this.#number(late, TIME) > time) late--;
    if (late >= 0 && this.#number(late, TIME) === time) this.#widen(late, price, volume);
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
    for (let index = this.#count - 1; index >= 0 && closes.length < most; index--) {
      const of = Math.floor(this.#number(index, TIME) / step);
      if (of >= span) continue;
      span = of;
      closes.push(this.#number(index, CLOSE));
    }
    return { closes: closes.toReversed(), time: Math.floor((this.last?.time ?? 0) / step) * step };
  }

  #push(time: number, price: number, volume: number): void {
    const since = time - this.#step * this.#kept;
    while (this.#count > 0 && this.#number(0, TIME) <= since) {
      this.#first = (this.#first + 1) % this.#room;
      this.#count -= 1;
    }
    if (this.#count === this.#room) this.#grow();
    this.#rows.set([time, price, price, price, price, volume], this.#place(this.#count));
    this.#count += 1;
  }

  /** Doubles the room, up to the number of kept candles. */
  #grow(): void {
    const rows = new Float64Array(Math.min(this.#kept, this.#room * 2) * WIDTH);
    const oldest = this.#rows.subarray(this.#first * WIDTH);
    rows.set(oldest);
    rows.set(this.#rows.subarray(0, this.#first * WIDTH), oldest.length);
    this.#rows = rows;
    this.#first = 0;
  }

  #widen(index: number, price: number, volume: number): void {
    const place = this.#place(index);
    this.#rows[place + HIGH] = Math.max(this.#number(index, HIGH), price);
    this.#rows[place + LOW] = Math.min(this.#number(index, LOW), price);
    this.#rows[place + VOLUME] = this.#number(index, VOLUME) + volume;
  }

  get #room(): number {
    return this.#rows.length / WIDTH;
  }

  #place(index: number): number {
    return ((this.#first + index) % this.#room) * WIDTH;
  }

  #number(index: number, column: number): number {
    return this.#rows[this.#place(index) + column] ?? 0;
  }

  #read(index: number): Candle {
    const of = (column: number): number => this.#number(index, column);
    return { time: of(TIME), open: of(OPEN), high: of(HIGH), low: of(LOW), close: of(CLOSE), volume: of(VOLUME) };
  }
}
