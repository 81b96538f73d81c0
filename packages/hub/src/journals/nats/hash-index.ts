/**
 * Offsets that one map holds. Whole maps are dropped at once, so that dropping costs nothing per
 * text.
 */
const GENERATION = 65_536;
/** Random, so that texts chosen for equal hashes in one process differ in another. */
const SEED: number = crypto.getRandomValues(new Int32Array(1))[0] as number;

/** A small number for a text. Several texts may share the number. */
export function hashOf(text: string): number {
  let hash = SEED;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // Mixed once more, and cut to the numbers that the engine keeps without an object each.
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}

/**
 * Offsets of texts, by their hashes. The caller checks which of the offsets really have the text. So
 * a million ids cost about 40 MB, at any length.
 */
export class HashIndex {
  /** By the number of the generation, oldest first. */
  readonly #generations = new Map<number, Map<number, number | number[]>>();

  /** @param offset - At least the offset of the call before. */
  add(hash: number, offset: number): void {
    const number = Math.floor(offset / GENERATION);
    let offsets = this.#generations.get(number);
    if (offsets === undefined) this.#generations.set(number, (offsets = new Map<number, number | number[]>()));
    const known = offsets.get(hash);
    if (known === undefined) offsets.set(hash, offset);
    else if (typeof known === "number") offsets.set(hash, [known, offset]);
    else known.push(offset);
  }

  /** Offsets from a start on that may have the text, rising. */
  offsets(hash: number, from: number): number[] {
    const found: number[] = [];
    for (const offsets of this.#generations.values()) {
      const known = offsets.get(hash);
      if (known === undefined) continue;
      for (const offset of typeof known === "number" ? [known] : known) if (offset >= from) found.push(offset);
    }
    return found;
  }

  /** Drops the offsets before an offset, or some of them. */
  forgetBefore(offset: number): void {
    for (const number of this.#generations.keys()) {
      if ((number + 1) * GENERATION > offset) return;
      this.#generations.delete(number);
    }
  }
}
