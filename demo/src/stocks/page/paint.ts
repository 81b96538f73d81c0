import { arrowOf, formatChange, formatPercent, formatPrice, trendOf, UNKNOWN } from "./format.ts";
import type { Ticker } from "./ticker.ts";

/** The elements of a displayed price. */
export interface PriceElements {
  /**
   * Carries the price's state as `data-trend`, `data-stale` and `data-move`, for the style sheet.
   */
  readonly root: HTMLElement;
  readonly price: HTMLElement;
  /** Shows the direction of the last price move. */
  readonly tick: HTMLElement;
  readonly arrow: HTMLElement;
  readonly change: HTMLElement;
  readonly percent: HTMLElement;
}

/** Writes a price into its elements, and touches only the differences. */
export function paintPrice({ root, price, tick, arrow, change, percent }: PriceElements, ticker: Ticker): void {
  const { quote, direction, moves, decimals } = ticker;
  setText(price, quote === undefined ? UNKNOWN : formatPrice(quote.price, decimals));
  setText(tick, direction === 0 ? "" : direction > 0 ? "↑" : "↓");
  setText(arrow, quote === undefined ? "" : arrowOf(quote.change));
  setText(change, quote === undefined ? UNKNOWN : formatChange(quote.change, decimals));
  setText(percent, quote === undefined ? "" : `(${formatPercent(quote.changePercent)})`);
  setData(root, "trend", quote === undefined ? "flat" : trendOf(quote.change));
  setData(root, "stale", String(ticker.isStale));
  // Two names for each direction, because an animation restarts only under another name.
  setData(root, "move", direction === 0 ? "" : `${direction > 0 ? "up" : "down"}-${moves % 2}`);
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function setData(element: HTMLElement, key: string, value: string): void {
  if (element.dataset[key] !== value) element.dataset[key] = value;
}
