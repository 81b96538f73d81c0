import type { HashTable } from "./hash-table.ts";

/** Bits of a hash that one pass of the sort looks at. */
const BITS = 16;
const VALUES: number = 2 ** BITS;
/** Texts between two marks where others may have their turn. */
const TEXTS_PER_STEP = 32_768;

/**
 * Sorts texts by hash and place, in steps. A radix sort in two passes, because no step of another
 * sort is short if all hashes are equal.
 *
 * @param sorted - Takes the hash and the place of each text.
 */
export function* sortedTexts(texts: HashTable, sorted: Uint32Array): Generator<undefined, void> {
  const half = new Uint32Array(sorted.length);
  const low = new Uint32Array(VALUES);
  const high = new Uint32Array(VALUES);
  yield* texts.each((hash) => {
    low[hash % VALUES] = (low[hash % VALUES] as number) + 1;
    high[hash >>> BITS] = (high[hash >>> BITS] as number) + 1;
  });
  countsToStarts(low);
  countsToStarts(high);
  // Texts come in order of their places, and a pass keeps the order of equal texts.
  yield* texts.each((hash, place) => put(half, low, hash % VALUES, hash, place));
  for (let i = 0; i < half.length; i += 2) {
    const hash = half[i] as number;
    put(sorted, high, hash >>> BITS, hash, half[i + 1] as number);
    if (i % (2 * TEXTS_PER_STEP) === 0) yield;
  }
}

function put(target: Uint32Array, starts: Uint32Array, value: number, hash: number, place: number): void {
  const i = starts[value] as number;
  starts[value] = i + 1;
  target[2 * i] = hash;
  target[2 * i + 1] = place;
}

function countsToStarts(counts: Uint32Array): void {
  let start = 0;
  for (let value = 0; value < counts.length; value++) {
    const count = counts[value] as number;
    counts[value] = start;
    start += count;
  }
}
