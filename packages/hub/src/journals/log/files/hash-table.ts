/** Texts of one chunk. A chunk never grows, so that no append waits for a larger table. */
const CHUNK = 32_768;

interface Chunk {
  readonly hashes: Uint32Array;
  readonly places: Uint32Array;
  /** Index of the next text with the same slot, plus 1, or 0. */
  readonly next: Uint16Array;
  /** By slot: index of the oldest text, plus 1, or 0. */
  readonly oldest: Uint16Array;
  /** By slot: index of the newest text, plus 1, or 0. */
  readonly newest: Uint16Array;
}

/**
 * Places of texts of the active segment, by their hashes. The caller checks which of the places
 * really have the text. A text costs 14 bytes.
 */
export class HashTable {
  readonly #chunks: Chunk[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param place - At least the place of the call before. */
  add(hash: number, place: number): void {
    const i = this.#size % CHUNK;
    if (i === 0) this.#chunks.push(newChunk());
    const { hashes, places, next, oldest, newest } = this.#chunks.at(-1) as Chunk;
    const slot = hash % CHUNK;
    hashes[i] = hash;
    places[i] = place;
    const before = newest[slot] as number;
    if (before === 0) oldest[slot] = i + 1;
    else next[before - 1] = i + 1;
    newest[slot] = i + 1;
    this.#size++;
  }

  /**
   * Finds places that may have the text, rising. Many texts may have one hash, so the work ends with
   * the last place that is asked for.
   *
   * @param from - The least place. @param most - Most places.
   */
  find(hash: number, from: number, most: number): number[] {
    const found: number[] = [];
    for (let c = 0; c < this.#chunks.length && found.length < most; c++) {
      const { hashes, places, next, oldest } = this.#chunks[c] as Chunk;
      if ((places[this.#countOf(c) - 1] as number) < from) continue;
      for (let i = oldest[hash % CHUNK] as number; i > 0 && found.length < most; i = next[i - 1] as number) {
        const place = places[i - 1] as number;
        if (hashes[i - 1] === hash && place >= from) found.push(place);
      }
    }
    return found;
  }

  /** Calls with each text, in the order of {@link add}. Yields now and then. */
  *each(visit: (hash: number, place: number) => void): Generator<undefined, void> {
    for (let c = 0; c < this.#chunks.length; c++) {
      const { hashes, places } = this.#chunks[c] as Chunk;
      const count = this.#countOf(c);
      for (let i = 0; i < count; i++) visit(hashes[i] as number, places[i] as number);
      yield;
    }
  }

  #countOf(chunk: number): number {
    return Math.min(CHUNK, this.#size - chunk * CHUNK);
  }
}

function newChunk(): Chunk {
  return {
    hashes: new Uint32Array(CHUNK),
    places: new Uint32Array(CHUNK),
    next: new Uint16Array(CHUNK),
    oldest: new Uint16Array(CHUNK),
    newest: new Uint16Array(CHUNK),
  };
}
