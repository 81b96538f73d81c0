/**
 * Remembers recent look-ups in two generations. When the younger generation is full, the older is
 * dropped as a whole. Dropping costs nothing that way. A `Map` that drops its oldest key at each
 * new key walks over all keys that were dropped before.
 */
export class Recent<Value extends object> {
  readonly #capacity: number;
  readonly #costOf: (key: string, value: Value) => number;
  #young = new Map<string, Value>();
  #youngCost = 0;
  #old = new Map<string, Value>();

  /**
   * @param capacity - Most cost of the entries in each generation.
   * @param costOf - Cost of one entry, which must not change. Default: 1, so that the capacity is
   *   their number.
   */
  constructor(capacity: number, costOf: (key: string, value: Value) => number = () => 1) {
    this.#capacity = capacity;
    this.#costOf = costOf;
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: Value): void {
    this.#removeYoung(key);
    const cost = this.#costOf(key, value);
    if (this.#youngCost + cost > this.#capacity) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCost = 0;
      // The entry alone exceeds the capacity.
      if (cost > this.#capacity) return;
    }
    this.#young.set(key, value);
    this.#youngCost += cost;
  }

  delete(key: string): void {
    this.#removeYoung(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#youngCost = 0;
    this.#old.clear();
  }

  #removeYoung(key: string): void {
    const known = this.#young.get(key);
    if (known === undefined) return;
    this.#young.delete(key);
    this.#youngCost -= this.#costOf(key, known);
  }
}
