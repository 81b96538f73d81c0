import type { ComponentChildren } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { language } from "artesian-ui/language.ts";
import type { MarketStore } from "./market-store.ts";
import { QuoteRow } from "./quote-row.tsx";
import type { SortKey, Sorting } from "./sort.ts";
import { stocksTexts } from "./texts.ts";
import { useOrder } from "./use-order.ts";

const COLUMNS: readonly SortKey[] = ["symbol", "price", "changePercent"];

/** Rows that Page Up and Page Down pass over. */
const PAGE = 10;

export interface QuoteListProps {
  readonly store: MarketStore;
  readonly symbols: readonly string[];
  readonly search: string;
  readonly sorting: Sorting;
  readonly watched: readonly string[];
  readonly selected: string | undefined;
  readonly rounds: number;
  readonly onSort: (key: SortKey) => void;
  readonly onPick: (symbol: string) => void;
  readonly onWatch: (symbol: string) => void;
  /** Placeholder of an empty list. */
  readonly empty: ComponentChildren;
}

/** The prices, as a grid. Tab reaches one row, the arrow keys reach the others. */
export function QuoteList(props: QuoteListProps): ComponentChildren {
  const { store, symbols, search, sorting, watched, selected, rounds, onSort, onPick, onWatch, empty } = props;
  const grid = useRef<HTMLDivElement>(null);
  const isHeld = (): boolean => grid.current?.matches(":hover, :focus-within") ?? false;
  const order = useOrder({ store, symbols, search, sorting, rounds, isHeld });
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

  const texts = stocksTexts().list;
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
    [store, order, watched, selected, active, language()],
  );

  return (
    <div class="list" role="grid" aria-label={texts.grid} data-testid="list" ref={grid} onKeyDown={onKeyDown}>
      <div class="list-head" role="row">
        <span role="columnheader" class="cell-watch">
          <span class="visually-hidden">{texts.watched}</span>
        </span>
        {COLUMNS.map((key) => (
          <span
            key={key}
            role="columnheader"
            class={`head-${key}`}
            aria-sort={sorting.key !== key ? "none" : sorting.descending ? "descending" : "ascending"}
          >
            <button type="button" class="sort" data-testid={`sort-${key}`} onClick={() => onSort(key)}>
              {texts.columns[key]}
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
