import { useState } from "preact/hooks";

/** A switch that this browser remembers. */
export function useSetting(name: string): readonly [boolean, (on: boolean) => void] {
  const key = `artesian.news.${name}`;
  const [on, setOn] = useState(() => read(key));
  function set(next: boolean): void {
    setOn(next);
    try {
      if (next) localStorage.setItem(key, "on");
      else localStorage.removeItem(key);
    } catch {
      // A browser that keeps nothing: it holds until the page is closed.
    }
  }
  return [on, set];
}

function read(key: string): boolean {
  try {
    return localStorage.getItem(key) === "on";
  } catch {
    // As where nothing is kept.
    return false;
  }
}
