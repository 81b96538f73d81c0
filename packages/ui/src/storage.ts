/** What a page remembers in the browser, by key. */
export interface PageStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * The browser's storage, which never throws: a browser that blocks cookies refuses even to name it, and a full one takes nothing. Values that it did
 * not take hold until the page is closed.
 *
 * @param open - Gives the browser's storage, such as `() => localStorage`.
 */
export function createPageStorage(open: () => PageStorage): PageStorage {
  /** Values that the browser did not take; null for a removed one. */
  const kept = new Map<string, string | null>();

  /** @returns Whether the browser did it. */
  function attempt(act: (storage: PageStorage) => void): boolean {
    try {
      act(open());
      return true;
    } catch {
      // Blocked or full, which is as good as empty.
      return false;
    }
  }

  function change(key: string, value: string | null, act: (storage: PageStorage) => void): void {
    if (attempt(act)) kept.delete(key);
    else kept.set(key, value);
  }

  return {
    getItem(key) {
      const own = kept.get(key);
      if (own !== undefined) return own;
      let value: string | null = null;
      attempt((storage) => (value = storage.getItem(key)));
      return value;
    },
    setItem: (key, value) => change(key, value, (storage) => storage.setItem(key, value)),
    removeItem: (key) => change(key, null, (storage) => storage.removeItem(key)),
  };
}

/** What this browser remembers of its user. */
export const browserStorage: PageStorage = createPageStorage(() => localStorage);

/** What this tab remembers until it is closed. */
export const tabStorage: PageStorage = createPageStorage(() => sessionStorage);
