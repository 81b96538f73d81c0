import type { QuotesPlan } from "./options.ts";
import { toQuote, type Quote, type Reading } from "./quote.ts";

/** The symbols that a source has seen, each with its reference price. */
export interface Book {
  /** @returns Undefined if the symbol exceeds the bound. */
  quote(reading: Reading, timeMs: number): Quote | undefined;
}

/** @param onFull - Called once, at the first symbol beyond the bound. */
export function createBook({ maxSymbols }: QuotesPlan, onFull: (message: string) => void): Book {
  const firstPrices = new Map<string, number>();
  let full = false;
  return {
    quote(reading, timeMs) {
      let first = firstPrices.get(reading.symbol);
      if (first === undefined) {
        if (firstPrices.size >= maxSymbols) {
          if (!full) onFull(`There are more than ${maxSymbols} symbols, the bound (maxSymbols); prices of further ones are left out.`);
          full = true;
          return undefined;
        }
        first = reading.price;
        firstPrices.set(reading.symbol, first);
      }
      return toQuote(reading, first, timeMs);
    },
  };
}
