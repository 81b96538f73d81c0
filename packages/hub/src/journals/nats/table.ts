import type { StateEntry } from "../../core/journal/state.ts";

interface Written {
  readonly value: string;
  /** The message that wrote it last. */
  readonly seq: number;
}

/** The shared table, in memory: the log's order decides what is in it, so it is the same in every process. */
export class Table {
  /** Those written longest ago come first. */
  readonly #entries = new Map<string, Written>();
  /** Goes through the entries once, for the oldest: beginning anew each time takes the longer the more were deleted. */
  #walk = this.#entries.entries();
  #oldest: readonly [key: string, written: Written] | undefined;
  /** The keys in order; undefined until somebody asks, since a table that is loaded is not worth sorting at each step. */
  #keys: string[] | undefined;

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  write(key: string, value: string | undefined, seq: number): void {
    const isNew = !this.#entries.delete(key);
    if (value !== undefined) this.#entries.set(key, { value, seq });
    if (this.#keys === undefined || isNew !== (value !== undefined)) return;
    this.#keys.splice(indexOf(this.#keys, key), isNew ? 0 : 1, ...(isNew ? [key] : []));
  }

  /** The oldest message that an entry depends on; undefined where there is no entry. */
  oldestSeq(): number | undefined {
    while (this.#oldest === undefined || this.#entries.get(this.#oldest[0]) !== this.#oldest[1]) {
      if (this.#entries.size === 0) return undefined;
      const next = this.#walk.next();
      if (next.done === true) this.#walk = this.#entries.entries();
      this.#oldest = next.value;
    }
    return this.#oldest[1].seq;
  }

  /** The entries that were written longest ago. */
  oldest(limit: number): StateEntry[] {
    const found: StateEntry[] = [];
    for (const [key, { value }] of this.#entries) {
      if (found.length >= limit) break;
      found.push({ key, value });
    }
    return found;
  }

  list(prefix: string, { after, limit }: { readonly after?: string | undefined; readonly limit: number }): StateEntry[] {
    this.#keys ??= Array.from(this.#entries.keys()).toSorted(byCharacter);
    const keys = this.#keys;
    let i = indexOf(keys, after === undefined || after < prefix ? prefix : after);
    if (keys[i] === after) i++;
    const found: StateEntry[] = [];
    for (; found.length < limit && keys[i]?.startsWith(prefix) === true; i++) {
      const key = keys[i] as string;
      found.push({ key, value: (this.#entries.get(key) as Written).value });
    }
    return found;
  }
}

const byCharacter = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Where a key is, or would be. */
function indexOf(keys: readonly string[], key: string): number {
  let low = 0;
  for (let high = keys.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
