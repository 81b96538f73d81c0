/** Values that a page remembers in the browser, by key. */
export interface PageStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * The browser's storage, in a form that never throws. A browser that blocks cookies throws on
 * access, and a full storage takes nothing. Rejected values are kept until the page is closed.
 *
 * @param open - Returns the browser's storage, such as `() => localStorage`.
 */
export function createPageStorage(open: () => PageStorage): PageStorage {
  /** Values that the browser rejected, with null for a removed value. */
  const kept = new Map<string, string | null>();

  /** @returns Whether the browser succeeded. */
  function attempt(act: (storage: PageStorage) => void): boolean {
    try {
      act(open());
      return true;
    } catch {
      // Blocked or full storage counts as empty.
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

/** Storage of this browser, across visits. */
export const browserStorage: PageStorage = createPageStorage(() => localStorage);

/** Storage of this tab, until the tab is closed. */
export const tabStorage: PageStorage = createPageStorage(() => sessionStorage);
