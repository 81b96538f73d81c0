/** The sort key of a list. */
export type SortKey = "symbol" | "price" | "changePercent";

export interface Sorting {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** The fields for sorting and searching. */
export interface Sortable {
  readonly symbol: string;
  readonly name: string | undefined;
  readonly nameZh?: string | undefined;
  readonly quote: { readonly price: number; readonly changePercent: number } | undefined;
}

export function isSortKey(value: unknown): value is SortKey {
  return value === "symbol" || value === "price" || value === "changePercent";
}

/**
 * The sorting after a click on a heading. Names rise first, numbers fall first, a second click
 * reverses the order.
 */
export function sortingAfter({ key, descending }: Sorting, clicked: SortKey): Sorting {
  return clicked === key ? { key, descending: !descending } : { key: clicked, descending: clicked !== "symbol" };
}

/**
 * The symbols in order. Symbols without a price come last in either order. Equal ones are sorted by
 * name, so that none changes places for nothing.
 */
export function sortSymbols(items: readonly Sortable[], { key, descending }: Sorting): readonly string[] {
  const sign = descending ? -1 : 1;
  const compare = (a: Sortable, b: Sortable): number => {
    if (key === "symbol") return sign * byName(a, b);
    if (a.quote === undefined || b.quote === undefined)
      return Number(a.quote === undefined) - Number(b.quote === undefined) || byName(a, b);
    return sign * (a.quote[key] - b.quote[key]) || byName(a, b);
  };
  return items.toSorted(compare).map(({ symbol }) => symbol);
}

/** Whether a search matches a symbol or any of its names, in any case, with words in any order. */
export function isFound({ symbol, name = "", nameZh = "" }: Sortable, search: string): boolean {
  const text = `${symbol} ${name} ${nameZh}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** The symbols that a search finds, in order. */
export function findSymbols(items: readonly Sortable[], search: string, sorting: Sorting): readonly string[] {
  return sortSymbols(
    items.filter((item) => isFound(item, search)),
    sorting,
  );
}

function byName(a: Sortable, b: Sortable): number {
  return a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0;
}
