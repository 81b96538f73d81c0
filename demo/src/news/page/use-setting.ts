import { useState } from "preact/hooks";
import { browserStorage } from "artesian-ui/storage.ts";

/** A switch that this browser remembers. */
export function useSetting(name: string, fallback = false): readonly [boolean, (on: boolean) => void] {
  const key = `artesian.news.${name}`;
  const [on, setOn] = useState(() => (browserStorage.getItem(key) ?? (fallback ? "on" : "off")) === "on");
  function set(next: boolean): void {
    setOn(next);
    browserStorage.setItem(key, next ? "on" : "off");
  }
  return [on, set];
}
