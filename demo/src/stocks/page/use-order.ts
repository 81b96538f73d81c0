import { useEffect, useState } from "preact/hooks";
import type { MarketStore } from "./market-store.ts";
import { findSymbols, type Sorting } from "./sort.ts";

/** Interval of sorting a list by price, in milliseconds. */
const RESORT_MS = 5000;

export interface OrderOptions {
  readonly store: MarketStore;
  readonly symbols: readonly string[];
  readonly search: string;
  readonly sorting: Sorting;
  /** A change triggers new sorting, because new prices have arrived. */
  readonly rounds: number;
  /**
   * Whether rows must stay in place, because the reader points at a row, or is about to press a key
   * on it.
   */
  readonly isHeld: () => boolean;
}

/** The matching symbols, in order. */
export function useOrder({ store, symbols, search, sorting, rounds, isHeld }: OrderOptions): readonly string[] {
  const compute = (): readonly string[] =>
    findSymbols(
      symbols.map((symbol) => store.ticker(symbol)),
      search,
      sorting,
    );
  const [order, setOrder] = useState(compute);
  useEffect(() => setOrder(compute()), [store, symbols, search, sorting.key, sorting.descending, rounds]);
  useEffect(() => {
    if (sorting.key === "symbol") return undefined;
    const timer = setInterval(() => {
      if (!isHeld()) setOrder(compute());
    }, RESORT_MS);
    return () => clearInterval(timer);
  }, [store, symbols, search, sorting.key, sorting.descending]);
  return order;
}
