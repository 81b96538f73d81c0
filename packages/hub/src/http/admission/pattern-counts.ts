/** How many streams have each pattern, by the pattern's key. */
export class PatternCounts {
  /** Made when it is needed: most addresses have no patterns. */
  #counts: Map<string, number> | undefined;

  /** How many distinct patterns there would be with those of one more stream. */
  sizeWith(keys: readonly string[]): number {
    return keys.reduce((size, key) => (this.#counts?.has(key) === true ? size : size + 1), this.#counts?.size ?? 0);
  }

  /** @param keys - Of one stream, which has each pattern once. */
  add(keys: readonly string[]): void {
    if (keys.length === 0) return;
    this.#counts ??= new Map();
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  remove(keys: readonly string[]): void {
    for (const key of keys) {
      const count = (this.#counts?.get(key) ?? 1) - 1;
      if (count === 0) this.#counts?.delete(key);
      else this.#counts?.set(key, count);
    }
  }
}
