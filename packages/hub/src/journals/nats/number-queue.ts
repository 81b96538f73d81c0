/**
 * A FIFO queue of numbers, each reachable by its index. A million of them cost 8 MB and no garbage.
 */
export class NumberQueue {
  #values = new Float64Array(64);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** @param place - From 0, the oldest, to below {@link length}. */
  at(place: number): number {
    return this.#values[this.#start + place] as number;
  }

  push(value: number): void {
    if (this.#end === this.#values.length) this.#makeRoom();
    this.#values[this.#end++] = value;
  }

  drop(count: number): void {
    this.#start = Math.min(this.#end, this.#start + Math.max(0, count));
  }

  /** Counts the numbers below a value, if they rise. */
  countBelow(value: number): number {
    let low = 0;
    for (let high = this.length; low < high;) {
      const middle = (low + high) >> 1;
      if (this.at(middle) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #makeRoom(): void {
    const used = this.#values.subarray(this.#start, this.#end);
    // Moving less than it frees keeps the cost of one push the same at any size.
    if (used.length * 2 > this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(used);
      this.#values = larger;
    } else this.#values.copyWithin(0, this.#start, this.#end);
    this.#end = used.length;
    this.#start = 0;
  }
}
