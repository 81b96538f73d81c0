import type { TextUpdate } from "artesian";
import type { Template } from "../template.ts";
import { difference, tidyNumber } from "./numbers.ts";

/** The data of an update, as JSON. */
export interface Quote {
  readonly symbol: string;
  readonly price: number;
  /** Since the previous close; where that isn't known, since the first price that the source saw. */
  readonly change: number;
  /** The same in percent. */
  readonly changePercent: number;
  /** Traded so far, where the origin tells it. */
  readonly volume?: number | undefined;
  /** When the price was made, in RFC 3339; where the origin doesn't tell it, when it was read. */
  readonly time: string;
  /** There, and true, when nobody has ever paid this price. */
  readonly simulated?: true | undefined;
}

/** What an origin tells of a price, checked. */
export interface Reading {
  readonly symbol: string;
  readonly price: number;
  readonly change?: number | undefined;
  readonly changePercent?: number | undefined;
  readonly previousClose?: number | undefined;
  readonly volume?: number | undefined;
  readonly timeMs?: number | undefined;
}

/** Completes a reading: what the origin doesn't tell of the change follows from a price to compare with. */
export function toQuote(reading: Reading, firstPrice: number, timeMs: number): Quote {
  const { symbol, price, volume } = reading;
  const reference = reading.previousClose ?? (reading.change === undefined ? firstPrice : difference(price, reading.change));
  const change = reading.change ?? difference(price, reference);
  const changePercent = reading.changePercent ?? (reference === 0 ? 0 : tidyNumber((change / reference) * 100, 4));
  return { symbol, price, change, changePercent, volume, time: new Date(timeMs).toISOString() };
}

/** @returns Undefined where the symbol can't be part of a topic. */
export function toUpdate(topic: Template, type: string, quote: Quote): TextUpdate | undefined {
  const name = topic.expand(() => quote.symbol);
  return name === undefined ? undefined : { topic: name, type, data: JSON.stringify(quote) };
}
