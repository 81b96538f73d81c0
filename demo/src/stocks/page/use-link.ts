import { useEffect, useState } from "preact/hooks";
import { isSymbol } from "../server/parse-quote.ts";

/** The symbol in the page's address, after `#`, and a function that goes to another symbol. */
export interface Link {
  readonly symbol: string | undefined;
  /** Goes to a symbol, so that the back button leads to the symbol before. */
  go(symbol: string): void;
}

/**
 * Follows the symbol in the page's address.
 *
 * @param fallback - The symbol shown by an address without a symbol, which is put into the address.
 */
export function useLink(fallback: string | undefined): Link {
  const [symbol, setSymbol] = useState(read);
  useEffect(() => {
    const update = (): void => setSymbol(read());
    // Also when the reader changes the part after `#`.
    addEventListener("popstate", update);
    return () => removeEventListener("popstate", update);
  }, []);
  useEffect(() => {
    if (read() === undefined && fallback !== undefined) history.replaceState(null, "", addressOf(fallback));
  }, [fallback, symbol]);
  return {
    symbol,
    go(next) {
      if (next !== read()) history.pushState(null, "", addressOf(next));
      setSymbol(next);
    },
  };
}

function addressOf(symbol: string): string {
  return `${location.pathname}${location.search}#${encodeURIComponent(symbol)}`;
}

function read(): string | undefined {
  try {
    const symbol = decodeURIComponent(location.hash.slice(1));
    return isSymbol(symbol) ? symbol : undefined;
  } catch {
    // Not percent-encoded text, so no symbol.
    return undefined;
  }
}
