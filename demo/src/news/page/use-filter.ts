import { useEffect, useState } from "preact/hooks";
import type { Filter } from "./arrange.ts";

/** The filter, kept in the page's address, so that reloads and links keep it. */
export function useFilter(): readonly [Filter, (change: Partial<Filter>) => void] {
  const [filter, setFilter] = useState(readAddress);
  useEffect(() => {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of [
      ["feed", filter.feed],
      ["q", filter.text],
    ] as const) {
      if (value === "") query.delete(name);
      else query.set(name, value);
    }
    const text = query.toString();
    const search = text === "" ? "" : `?${text}`;
    if (search !== location.search) history.replaceState(null, "", `${location.pathname}${search}`);
  }, [filter]);
  return [filter, (change) => setFilter((before) => ({ ...before, ...change }))];
}

function readAddress(): Filter {
  const query = new URLSearchParams(location.search);
  return { feed: query.get("feed") ?? "", text: (query.get("q") ?? "").slice(0, 100) };
}
