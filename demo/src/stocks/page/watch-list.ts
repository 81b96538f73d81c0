import { browserStorage, type PageStorage } from "artesian-ui/storage.ts";
import { isSymbol } from "../server/parse-quote.ts";
import { PACES } from "./paces.ts";
import { isRangeName, type RangeName } from "./ranges.ts";
import { isSortKey, type Sorting } from "./sort.ts";

const KEY = "artesian.stocks";

/** Most symbols of a watch list. */
export const MAX_WATCHED = 500;

export type View = "watched" | "all";

/** The colour of rising prices: red in Chinese markets. */
export type UpColour = "green" | "red";

/** The visitor's choices, stored in this browser. */
export interface Choices {
  readonly watched: readonly string[];
  readonly view: View;
  readonly sorting: Sorting;
  readonly selected: string | undefined;
  readonly range: RangeName;
  /** Least time between two writes of the hub, in milliseconds. */
  readonly paceMs: number;
  /** Undefined follows the page's language. */
  readonly upColour: UpColour | undefined;
}

const NOTHING: Choices = {
  watched: [],
  view: "all",
  sorting: { key: "symbol", descending: false },
  selected: undefined,
  range: "10m",
  paceMs: 250,
  upColour: undefined,
};

/** Reads the choices. Invalid choices count as absent. */
export function loadChoices(storage: Pick<PageStorage, "getItem"> = browserStorage): Choices {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? "null");
    if (typeof value !== "object" || value === null) return NOTHING;
    const { watched, view, sort, descending, selected, range, paceMs, upColour } = value as Record<string, unknown>;
    const symbols = Array.isArray(watched) ? (watched as unknown[]).filter(isSymbol) : [];
    return {
      watched: [...new Set(symbols)].slice(0, MAX_WATCHED),
      view: view === "watched" ? "watched" : "all",
      sorting: { key: isSortKey(sort) ? sort : "symbol", descending: descending === true },
      selected: isSymbol(selected) ? selected : undefined,
      range: isRangeName(range) ? range : NOTHING.range,
      paceMs: PACES.find((pace) => pace === paceMs) ?? NOTHING.paceMs,
      upColour: upColour === "green" || upColour === "red" ? upColour : undefined,
    };
  } catch {
    // The stored entry is not ours.
    return NOTHING;
  }
}

export function saveChoices({ sorting, ...rest }: Choices, storage: Pick<PageStorage, "setItem"> = browserStorage): void {
  storage.setItem(KEY, JSON.stringify({ ...rest, sort: sorting.key, descending: sorting.descending }));
}

/** Adds a symbol, or removes it. */
export function toggleWatched(watched: readonly string[], symbol: string): readonly string[] {
  if (watched.includes(symbol)) return watched.filter((each) => each !== symbol);
  return watched.length < MAX_WATCHED ? [...watched, symbol] : watched;
}
