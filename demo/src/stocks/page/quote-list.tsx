import type { ComponentChildren } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MarketStore } from "./market-store.ts";
import { QuoteRow } from "./quote-row.tsx";
import type { SortKey, Sorting } from "./sort.ts";
import { useOrder } from "./use-order.ts";

const COLUMNS: readonly { readonly key: SortKey; readonly label: string }[] = [
  { key: "symbol", label: "Symbol" },
  { key: "price", label: "Price" },
  { key: "changePercent", label: "Change %" },
];

/** Rows that Page Up and Page Down pass over. */
const PAGE = 10;

export interface QuoteListProps {
  readonly store: MarketStore;
  readonly symbols: readonly string[];
  readonly search: string;
  readonly sorting: Sorting;
  readonly watched: readonly string[];
  readonly selected: string | undefined;
  readonly paused: boolean;
  readonly rounds: number;
  readonly onSort: (key: SortKey) => void;
  readonly onPick: (symbol: string) => void;
  readonly onWatch: (symbol: string) => void;
  /** Placeholder of an empty list. */
  readonly empty: ComponentChildren;
}

/** The prices, as a grid. Tab reaches one row, the arrow keys reach the others. */
export function QuoteList(props: QuoteListProps): ComponentChildren {
  const { store, symbols, search, sorting, watched, selected, paused, rounds, onSort, onPick, onWatch, empty } = props;
  const grid = useRef<HTMLDivElement>(null);
  const isHeld = (): boolean => grid.current?.matches(":hover, :focus-within") ?? false;
  const order = useOrder({ store, symbols, search, sorting, paused, rounds, isHeld });
  const [wanted, setWanted] = useState<string | undefined>(selected);
  const active = [wanted, selected].find((symbol) => symbol !== undefined && order.includes(symbol)) ?? order[0];
  const refocus = useRef(false);

  useLayoutEffect(() => {
    if (!refocus.current || active === undefined) return;
    refocus.current = false;
    grid.current?.querySelector<HTMLElement>(`[data-pick="${CSS.escape(active)}"]`)?.focus();
  });

  function moveTo(symbol: string | undefined): void {
    if (symbol === undefined) return;
    refocus.current = true;
    setWanted(symbol);
  }

  function pick(symbol: string): void {
    setWanted(symbol);
    onPick(symbol);
  }

  function watch(symbol: string): void {
    const place = order.indexOf(symbol);
    // The row may be removed, and the focus with it, so its neighbour takes the focus over.
    if (grid.current?.contains(document.activeElement) === true) moveTo(order[place + 1] ?? order[place - 1]);
    onWatch(symbol);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const on = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-symbol]")?.dataset["symbol"] : undefined;
    if (on === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = order.indexOf(on);
    const last = order.length - 1;
    const places: Record<string, number> = {
      ArrowDown: Math.min(place + 1, last),
      ArrowUp: Math.max(place - 1, 0),
      PageDown: Math.min(place + PAGE, last),
      PageUp: Math.max(place - PAGE, 0),
      Home: 0,
      End: last,
    };
    const to = places[event.key];
    if (to !== undefined) moveTo(order[to]);
    else if (event.key === "Delete" && watched.includes(on)) watch(on);
    else return;
    event.preventDefault();
  }

  const rows = useMemo(
    () =>
      order.map((symbol) => (
        <QuoteRow
          key={symbol}
          store={store}
          symbol={symbol}
          isWatched={watched.includes(symbol)}
          isSelected={symbol === selected}
          isActive={symbol === active}
          onPick={pick}
          onWatch={watch}
        />
      )),
    [store, order, watched, selected, active],
  );

  return (
    <div class="list" role="grid" aria-label="Prices" data-testid="list" ref={grid} onKeyDown={onKeyDown}>
      <div class="list-head" role="row">
        <span role="columnheader" class="cell-watch">
          <span class="visually-hidden">Watched</span>
        </span>
        {COLUMNS.map(({ key, label }) => (
          <span
            key={key}
            role="columnheader"
            class={`head-${key}`}
            aria-sort={sorting.key !== key ? "none" : sorting.descending ? "descending" : "ascending"}
          >
            <button type="button" class="sort" data-testid={`sort-${key}`} onClick={() => onSort(key)}>
              {label}
              <span class="sort-mark" aria-hidden="true">
                {sorting.key !== key ? "" : sorting.descending ? "↓" : "↑"}
              </span>
            </button>
          </span>
        ))}
      </div>
      {rows}
      {order.length === 0 && (
        <div role="row" class="list-empty">
          <div role="gridcell">{empty}</div>
        </div>
      )}
    </div>
  );
}
