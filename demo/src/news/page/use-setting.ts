import { useState } from "preact/hooks";
import { browserStorage } from "artesian-ui/storage.ts";

/** A switch that this browser remembers. */
export function useSetting(name: string): readonly [boolean, (on: boolean) => void] {
  const key = `artesian.news.${name}`;
  const [on, setOn] = useState(() => browserStorage.getItem(key) === "on");
  function set(next: boolean): void {
    setOn(next);
    if (next) browserStorage.setItem(key, "on");
    else browserStorage.removeItem(key);
  }
  return [on, set];
}
