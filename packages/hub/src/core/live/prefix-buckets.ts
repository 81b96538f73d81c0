/** Longest prefix that buckets distinguish. A lookup takes at most that many steps. */
const LONGEST_PREFIX = 64;

/** Values by a prefix of their texts, so that a text is compared only with possible matches. */
export class PrefixBuckets<Value> {
  readonly #buckets = new Map<string, Set<Value>>();
  /** Number of buckets for each length of prefix. */
  readonly #lengths: number[] = [];

  add(prefix: string, value: Value): void {
    const key = prefix.slice(0, LONGEST_PREFIX);
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) {
      bucket.add(value);
      return;
    }
    this.#buckets.set(key, new Set([value]));
    this.#lengths[key.length] = (this.#lengths[key.length] ?? 0) + 1;
  }

  delete(prefix: string, value: Value): void {
    const key = prefix.slice(0, LONGEST_PREFIX);
    const bucket = this.#buckets.get(key);
    if (bucket?.delete(value) !== true || bucket.size > 0) return;
    this.#buckets.delete(key);
    this.#lengths[key.length] = (this.#lengths[key.length] ?? 1) - 1;
  }

  /** Finds the values whose prefix, up to {@link LONGEST_PREFIX}, the text starts with. */
  *candidates(text: string): Generator<Value, undefined> {
    const longest = Math.min(text.length, this.#lengths.length - 1);
    for (let length = 0; length <= longest; length++) {
      if ((this.#lengths[length] ?? 0) === 0) continue;
      const bucket = this.#buckets.get(text.slice(0, length));
      if (bucket !== undefined) yield* bucket;
    }
  }
}
