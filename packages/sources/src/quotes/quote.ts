import type { TextUpdate } from "artesian";
import type { Template } from "../template.ts";
import { difference, tidyNumber } from "./numbers.ts";

/** The data of an update, as JSON. */
export interface Quote {
  readonly symbol: string;
  readonly price: number;
  /**
   * Change since the previous close, or since the first price that the source saw if the close is
   * unknown.
   */
  readonly change: number;
  /** The same in percent. */
  readonly changePercent: number;
  /** Volume so far, if the origin tells it. */
  readonly volume?: number | undefined;
  /** Time of the price in RFC 3339. If the origin gives none, the time of reading. */
  readonly time: string;
  /** Present, and true, if nobody has ever paid this price. */
  readonly simulated?: true | undefined;
}

/** A checked price of an origin. */
export interface Reading {
  readonly symbol: string;
  readonly price: number;
  readonly change?: number | undefined;
  readonly changePercent?: number | undefined;
  readonly previousClose?: number | undefined;
  readonly volume?: number | undefined;
  readonly timeMs?: number | undefined;
}

/** Completes a reading. A missing change is computed from a reference price. */
export function toQuote(reading: Reading, firstPrice: number, timeMs: number): Quote {
  const { symbol, price, volume } = reading;
  const reference = reading.previousClose ?? (reading.change === undefined ? firstPrice : difference(price, reading.change));
  const change = reading.change ?? difference(price, reference);
  const changePercent = reading.changePercent ?? (reference === 0 ? 0 : tidyNumber((change / reference) * 100, 4));
  return { symbol, price, change, changePercent, volume, time: new Date(timeMs).toISOString() };
}

/** @returns Undefined if the symbol can't be part of a topic. */
export function toUpdate(topic: Template, type: string, quote: Quote): TextUpdate | undefined {
  const name = topic.expand(() => quote.symbol);
  return name === undefined ? undefined : { topic: name, type, data: JSON.stringify(quote) };
}
