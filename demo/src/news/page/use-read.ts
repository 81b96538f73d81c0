import { useEffect, useState } from "preact/hooks";
import { browserStorage } from "artesian-ui/storage.ts";

const KEY = "artesian.news.read";

/** Most headlines that are remembered as read. The one that was read first is forgotten first. */
export const MAX_READ = 2000;

/** Characters of an id that are kept. Ids end in a hash. */
const KEPT = 12;

/** The headlines that this browser has opened. */
export interface ReadMarks {
  has(id: string): boolean;
  /** @param isRead - Undefined: the other way round. */
  set(id: string, isRead?: boolean): void;
}

function markOf(id: string): string {
  return id.slice(-KEPT).replace(/\s/g, "_");
}

function load(): ReadonlySet<string> {
  return new Set((browserStorage.getItem(KEY) ?? "").split(" ").slice(-MAX_READ));
}

/** The read headlines, in all tabs of this browser. */
export function useRead(): ReadMarks {
  const [marks, setMarks] = useState(load);
  useEffect(() => {
    const take = ({ key }: StorageEvent): void => {
      if (key === KEY) setMarks(load());
    };
    addEventListener("storage", take);
    return () => removeEventListener("storage", take);
  }, []);
  return {
    has: (id) => marks.has(markOf(id)),
    set(id, isRead = !load().has(markOf(id))) {
      // Another tab may have changed them.
      const next = new Set(load());
      next.delete(markOf(id));
      if (isRead) next.add(markOf(id));
      browserStorage.setItem(KEY, [...next].slice(-MAX_READ).join(" "));
      setMarks(load());
    },
  };
}
