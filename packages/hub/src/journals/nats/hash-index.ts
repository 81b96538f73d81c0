/** Offsets that one map holds: forgetting goes by whole maps, so that it costs nothing for each text. */
const GENERATION = 65_536;
/** Texts that somebody chose so that their hashes are the same must not be so in another process. */
const SEED: number = crypto.getRandomValues(new Int32Array(1))[0] as number;

/** A small number that stands for a text; several texts may share it. */
export function hashOf(text: string): number {
  let hash = SEED;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // Mixed once more, and cut to what the engine keeps without an object for each number.
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}

/**
 * Where texts occur, by their hashes: which of the places really have the text is for the caller to look up. So a million ids cost about 40 MB,
 * whatever their lengths.
 */
export class HashIndex {
  /** By the number of the generation, oldest first. */
  readonly #generations = new Map<number, Map<number, number | number[]>>();

  /** @param offset - At least that of the call before. */
  add(hash: number, offset: number): void {
    const number = Math.floor(offset / GENERATION);
    let places = this.#generations.get(number);
    if (places === undefined) this.#generations.set(number, (places = new Map<number, number | number[]>()));
    const known = places.get(hash);
    if (known === undefined) places.set(hash, offset);
    else if (typeof known === "number") places.set(hash, [known, offset]);
    else known.push(offset);
  }

  /** Places from an offset on that may have the text, rising. */
  places(hash: number, from: number): number[] {
    const found: number[] = [];
    for (const places of this.#generations.values()) {
      const known = places.get(hash);
      if (known === undefined) continue;
      for (const offset of typeof known === "number" ? [known] : known) if (offset >= from) found.push(offset);
    }
    return found;
  }

  /** Lets go of what lies before an offset, or some of it. */
  forgetBefore(offset: number): void {
    for (const number of this.#generations.keys()) {
      if ((number + 1) * GENERATION > offset) return;
      this.#generations.delete(number);
    }
  }
}
