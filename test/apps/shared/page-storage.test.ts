import { describe, expect, test } from "vitest";
import { createPageStorage, type PageStorage } from "../../../packages/ui/src/storage.ts";
import { loadChoices, saveChoices } from "../../../demo/src/stocks/page/watch-list.ts";

/** A browser's storage that can be made to refuse. */
function browser(): { values: Map<string, string>; refuses: "nothing" | "writing" | "everything"; open: () => PageStorage } {
  const values = new Map<string, string>();
  const site: ReturnType<typeof browser> = {
    values,
    refuses: "nothing",
    open: () => {
      if (site.refuses === "everything") throw new DOMException("Access is denied for this document.", "SecurityError");
      return {
        getItem: (key) => values.get(key) ?? null,
        setItem: (key, value) => {
          if (site.refuses === "writing") throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
          values.set(key, value);
        },
        removeItem: (key) => void values.delete(key),
      };
    },
  };
  return site;
}

describe("the storage of a page", () => {
  test("is the browser's", () => {
    const site = browser();
    const storage = createPageStorage(site.open);
    storage.setItem("a", "1");
    expect(site.values.get("a")).toBe("1");
    site.values.set("a", "2");
    expect(storage.getItem("a")).toBe("2");
    storage.removeItem("a");
    expect([storage.getItem("a"), site.values.size]).toEqual([null, 0]);
  });

  test("is empty where the browser allows none, and keeps what it is told until the page is closed", () => {
    const site = browser();
    site.refuses = "everything";
    const storage = createPageStorage(site.open);
    expect(storage.getItem("a")).toBeNull();
    storage.setItem("a", "1");
    expect(storage.getItem("a")).toBe("1");
    storage.removeItem("a");
    expect(storage.getItem("a")).toBeNull();
    expect(createPageStorage(site.open).getItem("a")).toBeNull();
  });

  test("prefers the new value when the browser is full and still has the old one", () => {
    const site = browser();
    const storage = createPageStorage(site.open);
    storage.setItem("a", "old");
    site.refuses = "writing";
    storage.setItem("a", "new");
    expect(storage.getItem("a")).toBe("new");
    site.refuses = "nothing";
    storage.setItem("a", "newer");
    expect([storage.getItem("a"), site.values.get("a")]).toEqual(["newer", "newer"]);
  });

  test("holds the choices of the stocks", () => {
    const site = browser();
    site.refuses = "everything";
    const storage = createPageStorage(site.open);
    const choices = loadChoices(storage);
    expect(choices.watched).toEqual([]);
    saveChoices({ ...choices, watched: ["A"] }, storage);
    expect(loadChoices(storage).watched).toEqual(["A"]);
  });

  test("needs no browser's storage to be named before it is asked for", () => {
    // Node has none of its own here, as a browser that blocks cookies has none.
    expect(loadChoices().watched).toEqual([]);
  });
});
