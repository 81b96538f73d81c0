import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { language } from "artesian-ui/language.ts";
import type { MarketStore } from "./market-store.ts";
import { paintPrice } from "./paint.ts";
import type { Ticker } from "./ticker.ts";

/**
 * Paints a symbol into existing elements, bypassing the components, which would be compared four
 * times a second. Without a symbol, an empty symbol is painted.
 */
export function usePainter(store: MarketStore, symbol: string | undefined, painter: (ticker: Ticker) => void): void {
  useLayoutEffect(() => store.paint(symbol, painter), [store, symbol, language()]);
}

/** The elements of a price's parts. */
export interface PriceRefs {
  readonly root: RefObject<HTMLDivElement | null>;
  readonly price: RefObject<HTMLSpanElement | null>;
  readonly tick: RefObject<HTMLSpanElement | null>;
  readonly arrow: RefObject<HTMLSpanElement | null>;
  readonly change: RefObject<HTMLSpanElement | null>;
  readonly percent: RefObject<HTMLSpanElement | null>;
}

/**
 * Paints a symbol's price into its elements. `paintRest` paints the other elements.
 *
 * @returns The `ref`s of the elements.
 */
export function usePrice(store: MarketStore, symbol: string | undefined, paintRest: (ticker: Ticker) => void): PriceRefs {
  const root = useRef<HTMLDivElement>(null);
  const price = useRef<HTMLSpanElement>(null);
  const tick = useRef<HTMLSpanElement>(null);
  const arrow = useRef<HTMLSpanElement>(null);
  const change = useRef<HTMLSpanElement>(null);
  const percent = useRef<HTMLSpanElement>(null);
  usePainter(store, symbol, (ticker) => {
    if (root.current === null || price.current === null || tick.current === null) return;
    if (arrow.current === null || change.current === null || percent.current === null) return;
    const elements = { price: price.current, tick: tick.current, arrow: arrow.current, change: change.current, percent: percent.current };
    paintPrice({ root: root.current, ...elements }, ticker);
    paintRest(ticker);
  });
  return { root, price, tick, arrow, change, percent };
}
