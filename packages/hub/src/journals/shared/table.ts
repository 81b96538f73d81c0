import type { JournalState, StateEntry } from "../../core/journal/state.ts";

interface Written {
  readonly value: string;
  /** Sequence of the message or entry of the log that last wrote the entry. */
  readonly seq: number;
  /** Number of writes to the table up to this one. */
  readonly stamp: number;
}

/** The entries of a table as of one moment. The table may change meanwhile. */
export interface TableSnapshot {
  readonly size: number;
  /** The next entry, in any order. Undefined after the last one. */
  next(): StateEntry | undefined;
  /** Must be called in the end. Until then, entries that go are kept. */
  end(): void;
}

/**
 * The shared table, in memory. The log's order decides its content, so the table is the same in
 * every process.
 */
export class Table {
  /** In order of the last write, the oldest first. */
  readonly #entries = new Map<string, Written>();
  /**
   * Iterates over the entries once, for the oldest. A new iterator takes longer with each deletion
   * before.
   */
  #walk = this.#entries.entries();
  #oldest: readonly [key: string, written: Written] | undefined;
  /**
   * The keys in order, or undefined until a caller asks. While a table loads, sorting at each step
   * is not worth the time.
   */
  #keys: string[] | undefined;
  #writes = 0;
  #units = 0;
  readonly #snapshots = new Set<Walk>();

  /** Length of all keys and values, in UTF-16 units. */
  get units(): number {
    return this.#units;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  write(key: string, value: string | undefined, seq: number): void {
    const old = this.#entries.get(key);
    const isNew = old === undefined;
    if (!isNew) {
      for (const snapshot of this.#snapshots) snapshot.keep(key, old);
      this.#entries.delete(key);
      this.#units -= key.length + old.value.length;
    }
    if (value !== undefined) {
      this.#entries.set(key, { value, seq, stamp: ++this.#writes });
      this.#units += key.length + value.length;
    }
    if (this.#keys === undefined || isNew !== (value !== undefined)) return;
    this.#keys.splice(indexOf(this.#keys, key), isNew ? 0 : 1, ...(isNew ? [key] : []));
  }

  /** The oldest write that an entry depends on, or undefined if there is no entry. */
  oldestSeq(): number | undefined {
    while (this.#oldest === undefined || this.#entries.get(this.#oldest[0]) !== this.#oldest[1]) {
      if (this.#entries.size === 0) return undefined;
      const next = this.#walk.next();
      if (next.done === true) this.#walk = this.#entries.entries();
      this.#oldest = next.value;
    }
    return this.#oldest[1].seq;
  }

  /** The entries with the oldest writes. */
  oldest(limit: number): StateEntry[] {
    const found: StateEntry[] = [];
    for (const [key, { value }] of this.#entries) {
      if (found.length >= limit) break;
      found.push({ key, value });
    }
    return found;
  }

  /** Begins a walk over all present entries, which costs nothing but the calls of `next`. */
  snapshot(): TableSnapshot {
    const walk = new Walk(this.#entries, this.#writes, () => this.#snapshots.delete(walk));
    this.#snapshots.add(walk);
    return walk;
  }

  /** See `JournalState.entries`. */
  list(prefix: string, { after, limit, maxLength = Infinity }: Parameters<JournalState["entries"]>[1]): StateEntry[] {
    this.#keys ??= Array.from(this.#entries.keys()).toSorted(byCharacter);
    const keys = this.#keys;
    let i = indexOf(keys, after === undefined || after < prefix ? prefix : after);
    if (keys[i] === after) i++;
    const found: StateEntry[] = [];
    for (let length = 0; found.length < limit && length < maxLength && keys[i]?.startsWith(prefix) === true; i++) {
      const key = keys[i] as string;
      const { value } = this.#entries.get(key) as Written;
      found.push({ key, value });
      length += value.length;
    }
    return found;
  }
}

/** Walks in the order of the last writes. Entries that go before their turn are kept. */
class Walk implements TableSnapshot {
  readonly size: number;
  readonly end: () => void;
  readonly #entries: MapIterator<[string, Written]>;
  /** Later writes are not of this walk. */
  readonly #upTo: number;
  /** Entries up to this write had their turn. */
  #passed = 0;
  #kept: StateEntry[] = [];

  constructor(entries: ReadonlyMap<string, Written>, upTo: number, end: () => void) {
    this.size = entries.size;
    this.end = end;
    this.#entries = entries.entries();
    this.#upTo = upTo;
  }

  keep(key: string, { value, stamp }: Written): void {
    if (stamp > this.#passed && stamp <= this.#upTo) this.#kept.push({ key, value });
  }

  next(): StateEntry | undefined {
    const kept = this.#kept.pop();
    if (kept !== undefined || this.#passed >= this.#upTo) return kept;
    const next = this.#entries.next();
    if (next.done === true || next.value[1].stamp > this.#upTo) {
      this.#passed = this.#upTo;
      return undefined;
    }
    const [key, { value, stamp }] = next.value;
    this.#passed = stamp;
    return { key, value };
  }
}

const byCharacter = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The index of a key, or its insertion point. */
function indexOf(keys: readonly string[], key: string): number {
  let low = 0;
  for (let high = keys.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
