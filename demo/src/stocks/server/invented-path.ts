import type { Random } from "artesian-sources";
import { CANDLE_STEPS, CANDLES_KEPT, type CandleStep } from "./wire.ts";

/** A price at a time, in milliseconds since 1970. */
export interface PointInTime {
  readonly at: number;
  readonly price: number;
}

/** A price that nobody has paid, with the volume traded at it. */
export interface InventedPrice extends PointInTime {
  readonly volume: number;
}

/** How a simulated price moves. */
export interface Motion {
  /** Standard deviation of the logarithm over a second. */
  readonly sigma: number;
  /** Share of the way home that a price goes in a second. */
  readonly pull: number;
  /** Distance between bid and ask, as a part of the price. */
  readonly spread: number;
  /** Trades a second. */
  readonly rate: number;
}

/**
 * The finest length first. Each reaches back further than its candles do, by the next length, so
 * that the oldest of them are whole.
 */
const STEPS = (Object.keys(CANDLE_STEPS) as CandleStep[]).map((step, index, all) => {
  const next = all[index + 1];
  const reach = CANDLE_STEPS[step] * CANDLES_KEPT[step] + (next === undefined ? 0 : CANDLE_STEPS[next]);
  return { seconds: CANDLE_STEPS[step], reachMs: reach * 1000 };
});

/** Longest past, in milliseconds. */
const LONGEST_MS = Math.max(...STEPS.map(({ reachMs }) => reachMs));

/** Mean volume of a trade of the simulated market. */
const MEAN_VOLUME = 660;

/** Lowest price of the simulated market. */
const CENT = 0.01;

/**
 * Invents the prices of a stretch that nobody saw, as the simulated market would have made them. The
 * prices are as dense as the candles that will keep them. The last price is `to`.
 *
 * The logarithm is an Ornstein-Uhlenbeck process that is walked backwards from `to`, so nothing
 * leaps where the live prices begin. With `from` the walk is a bridge between the two.
 *
 * @param from - The last known price, or when the past begins without a price.
 */
export function* inventPath(
  from: PointInTime | { readonly at: number },
  to: PointInTime,
  { sigma, pull, spread, rate }: Motion,
  random: Random,
): Generator<InventedPrice, undefined> {
  const bounds = boundsOf(Math.max(from.at, to.at - LONGEST_MS), to.at);
  const logs = walkBack(bounds, Math.log(to.price), { sigma, pull }, random);
  if ("price" in from) tieTo(Math.log(from.price), logs, bounds, pull);
  const atBidOrAsk = (log: number): number => priceOf(log, random.next() < 0.5 ? -spread : spread);
  for (let i = 1; i < bounds.length; i++) {
    const [begin = 0, end = 0, before = 0, after = 0] = [bounds[i - 1], bounds[i], logs[i - 1], logs[i]];
    const seconds = (end - begin) / 1000;
    const isLast = i === bounds.length - 1;
    // Just before the next candle begins.
    const closesAt = isLast ? end : end - 1;
    const trades = tradesIn(rate * seconds, random);
    if (trades > 0 && seconds > 1) {
      const volume = Math.round((trades * MEAN_VOLUME) / 400) * 100;
      const reach = (sign: 1 | -1): number =>
        priceOf(
          (before + after + sign * Math.hypot(after - before, sigma * Math.sqrt(-2 * seconds * Math.log(1 - random.next())))) / 2,
          sign * spread,
        );
      const extremes = random.next() < 0.5 ? [reach(1), reach(-1)] : [reach(-1), reach(1)];
      const prices = [atBidOrAsk(before), ...extremes, atBidOrAsk(after)];
      for (const [index, price] of prices.entries()) {
        if (isLast && index === prices.length - 1) continue;
        yield { at: Math.floor(begin + ((closesAt - begin) * index) / (prices.length - 1)), price, volume };
      }
    } else if (trades > 0 && !isLast) {
      yield { at: closesAt, price: atBidOrAsk(after), volume: 100 * Math.round(trades * (1 + Math.floor(30 * random.next() ** 4))) };
    }
  }
  yield { ...to, volume: 100 };
}

/** The ends of the stretches of a path, aligned to the candles that are kept of their time. */
function boundsOf(since: number, to: number): readonly number[] {
  const bounds = [since];
  for (let at = since; at < to;) {
    const step = (STEPS.find(({ reachMs }) => to - at <= reachMs) ?? STEPS.at(-1))?.seconds ?? 1;
    at = Math.min(to, Math.floor(at / 1000 / step) * step * 1000 + step * 1000);
    bounds.push(at);
  }
  return bounds;
}

function walkBack(bounds: readonly number[], last: number, { sigma, pull }: Pick<Motion, "sigma" | "pull">, random: Random): number[] {
  const spreadOut = sigma / Math.sqrt(2 * pull);
  const logs = Array<number>(bounds.length).fill(last);
  for (let i = bounds.length - 2; i >= 0; i--) {
    const rest = Math.exp((-pull * ((bounds[i + 1] ?? 0) - (bounds[i] ?? 0))) / 1000);
    logs[i] = last + ((logs[i + 1] ?? last) - last) * rest + spreadOut * Math.sqrt(1 - rest * rest) * random.bell();
  }
  return logs;
}

/** Bends a path towards a first price. The bend fades as the process forgets the past. */
function tieTo(first: number, logs: number[], bounds: readonly number[], pull: number): void {
  const begin = bounds[0] ?? 0;
  const all = (pull * ((bounds.at(-1) ?? begin) - begin)) / 1000;
  if (all === 0) return;
  const off = first - (logs[0] ?? first);
  for (const [index, at] of bounds.entries()) {
    const gone = (pull * (at - begin)) / 1000;
    // sinh(all - gone) / sinh(all), without numbers that overflow.
    logs[index] = (logs[index] ?? 0) + (off * (Math.exp(-gone) - Math.exp(gone - 2 * all))) / (1 - Math.exp(-2 * all));
  }
}

/** A number of trades with the mean, and about the deviation, of chance. */
function tradesIn(mean: number, random: Random): number {
  if (mean < 20) return Math.floor(mean + random.next());
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.bell()));
}

function priceOf(log: number, spread: number): number {
  return Math.max(CENT, Math.round(Math.exp(log) * (1 + spread / 2) * 100) / 100);
}
