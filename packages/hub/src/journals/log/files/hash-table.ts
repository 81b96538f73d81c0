/** Texts of one chunk. A chunk never grows, so that no append waits for a larger table. */
const CHUNK = 32_768;

interface Chunk {
  readonly hashes: Uint32Array;
  readonly places: Uint32Array;
  /** Index of the text before with the same slot, plus 1, or 0. */
  readonly before: Uint16Array;
  /** By slot: index of the newest text, plus 1, or 0. */
  readonly newest: Uint16Array;
}

/**
 * Places of texts of the active segment, by their hashes. The caller checks which of the places
 * really have the text. A text costs 12 bytes.
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
    const { hashes, places, before, newest } = this.#chunks.at(-1) as Chunk;
    const slot = hash % CHUNK;
    hashes[i] = hash;
    places[i] = place;
    before[i] = newest[slot] as number;
    newest[slot] = i + 1;
    this.#size++;
  }

  /** Places that may have the text, rising. */
  find(hash: number): number[] {
    const found: number[] = [];
    for (let c = this.#chunks.length - 1; c >= 0; c--) {
      const { hashes, places, before, newest } = this.#chunks[c] as Chunk;
      for (let i = newest[hash % CHUNK] as number; i > 0; i = before[i - 1] as number) {
        if (hashes[i - 1] === hash) found.push(places[i - 1] as number);
      }
    }
    return found.toReversed();
  }

  /** Calls with each text, in the order of {@link add}. Yields now and then. */
  *each(visit: (hash: number, place: number) => void): Generator<undefined, void> {
    for (let c = 0; c < this.#chunks.length; c++) {
      const { hashes, places } = this.#chunks[c] as Chunk;
      const count = Math.min(CHUNK, this.#size - c * CHUNK);
      for (let i = 0; i < count; i++) visit(hashes[i] as number, places[i] as number);
      yield;
    }
  }
}

function newChunk(): Chunk {
  return {
    hashes: new Uint32Array(CHUNK),
    places: new Uint32Array(CHUNK),
    before: new Uint16Array(CHUNK),
    newest: new Uint16Array(CHUNK),
  };
}
