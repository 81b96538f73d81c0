/** Counts the streams of each pattern, by the pattern's key. */
export class PatternCounts {
  /** Made on first use, because most addresses have no patterns. */
  #counts: Map<string, number> | undefined;

  /** The number of distinct patterns if one more stream had these. */
  sizeWith(keys: readonly string[]): number {
    return keys.reduce((size, key) => (this.#counts?.has(key) === true ? size : size + 1), this.#counts?.size ?? 0);
  }

  /** @param keys - Patterns of one stream, each once. */
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
