import { type Candle, CANDLE_STEPS, type CandleStep } from "../server/wire.ts";
import { formatDay, formatHour, formatPrice, formatTime, formatVolume } from "./format.ts";
import { stocksTexts } from "./texts.ts";

/** The figures of a candle in a line. Of a number, the price alone. */
export function legendOf(candle: Candle | number | undefined, step: CandleStep, decimals: number): string {
  if (candle === undefined) return "";
  const show = (price: number): string => formatPrice(price, decimals);
  if (typeof candle === "number") return show(candle);
  const { open, high, low, close, volume } = candle;
  const text = stocksTexts().chart.ohlc(
    timeOf(candle.time * 1000, step),
    show(open),
    show(high),
    show(low),
    show(close),
    formatVolume(volume),
  );
  // A line never ends between a word and its price.
  return text.replaceAll(/ (?=[−\d])/g, "\u00a0");
}

function timeOf(at: number, step: CandleStep): string {
  if (step === "day") return formatDay(at);
  return CANDLE_STEPS[step] < 60 ? formatTime(at, Date.now()) : formatHour(at, Date.now());
}

/** The chart in a sentence, for people who can't see it. */
export function describeCandles(candles: readonly Candle[], decimals: number): string {
  const texts = stocksTexts().chart;
  const [first, last] = [candles[0], candles.at(-1)];
  if (first === undefined || last === undefined) return texts.notes.empty;
  let [high, low] = [-Infinity, Infinity];
  const show = (price: number): string => formatPrice(price, decimals);
  for (const candle of candles) {
    high = Math.max(high, candle.high);
    low = Math.min(low, candle.low);
  }
  return texts.summary(show(first.open), show(last.close), show(low), show(high));
}
