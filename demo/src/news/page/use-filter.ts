import { useEffect, useState } from "preact/hooks";
import type { Filter } from "./arrange.ts";

/** The filter, kept in the page's address, so that reloads and links keep it. */
export function useFilter(): readonly [Filter, (change: Partial<Filter>) => void] {
  const [filter, setFilter] = useState(readAddress);
  useEffect(() => {
    const query = new URLSearchParams();
    if (filter.feed !== "") query.set("feed", filter.feed);
    if (filter.text !== "") query.set("q", filter.text);
    const search = query.size === 0 ? "" : `?${query.toString()}`;
    if (search !== location.search) history.replaceState(null, "", `${location.pathname}${search}`);
  }, [filter]);
  return [filter, (change) => setFilter((before) => ({ ...before, ...change }))];
}

function readAddress(): Filter {
  const query = new URLSearchParams(location.search);
  return { feed: query.get("feed") ?? "", text: (query.get("q") ?? "").slice(0, 100) };
}
