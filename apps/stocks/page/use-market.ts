import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { MarketStore, MarketView } from "./market-store.ts";
import type { Ticker } from "./ticker.ts";

/** What the page shows beside the prices. */
export function useView(store: MarketStore): MarketView {
  const [view, setView] = useState(store.view);
  useEffect(() => {
    const update = (): void => setView(store.view);
    update();
    return store.subscribe(update);
  }, [store]);
  return view;
}

/** Paints a symbol into elements that are there already, past the components: they would be compared four times a second. */
export function usePainter(store: MarketStore, symbol: string, painter: (ticker: Ticker) => void): void {
  useLayoutEffect(() => store.paint(symbol, painter), [store, symbol]);
}
