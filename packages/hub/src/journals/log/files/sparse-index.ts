/** Least distance of two noted entries, in bytes of the segment. */
const STRIDE_BYTES = 4096;

/** Offsets of some entries of a segment, and their positions. An entry is at most one stride away. */
export class SparseIndex {
  /** Offset of the segment's first record. */
  readonly first: number;
  #places: Uint32Array = new Uint32Array(64);
  #length = 0;
  /** End of the last entry that was noted or passed over: the entries before it are known. */
  knownTo: number;
  /** Offset of the next record after {@link knownTo}. */
  next: number;

  /** @param start - Position of the segment's first entry. */
  constructor(first: number, start: number) {
    this.first = first;
    this.next = first;
    this.knownTo = start;
    this.#push(0, start);
  }

  /** @param places - Pairs of offset and position, as {@link places} gives them. */
  static of(first: number, places: Uint32Array, next: number, knownTo: number): SparseIndex {
    const index = new SparseIndex(first, 0);
    index.#places = places;
    index.#length = places.length;
    index.next = next;
    index.knownTo = knownTo;
    return index;
  }

  /** Pairs of offset, counted from the segment's first, and position. */
  get places(): Uint32Array {
    return this.#places.subarray(0, this.#length);
  }

  /** Notes an entry. Entries before {@link knownTo} are known already. */
  note(position: number, length: number, first: number, count: number): void {
    if (position < this.knownTo) return;
    this.knownTo = position + length;
    this.next = first + count;
    const last = this.#places[this.#length - 1] as number;
    if (position >= last + STRIDE_BYTES) this.#push(first - this.first, position);
  }

  /** The noted entry from which a reader comes to the entry with an offset. */
  floor(offset: number): { readonly first: number; readonly position: number } {
    const wanted = offset - this.first;
    let low = 0;
    for (let high = this.#length / 2; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#places[2 * middle] as number) <= wanted) low = middle + 1;
      else high = middle;
    }
    const at = 2 * Math.max(0, low - 1);
    return { first: this.first + (this.#places[at] as number), position: this.#places[at + 1] as number };
  }

  #push(relative: number, position: number): void {
    if (this.#length === this.#places.length) {
      const larger = new Uint32Array(2 * this.#length);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places[this.#length++] = relative;
    this.#places[this.#length++] = position;
  }
}
