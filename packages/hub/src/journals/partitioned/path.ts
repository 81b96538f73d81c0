import { sumOf, type Vector } from "./vector.ts";

/** Places in a block: how far a look-up counts. */
const BLOCK = 1024;

interface Block {
  /** Of each record, its partition. */
  readonly partitions: Uint8Array;
  /** The lowest place known in the block. */
  low: number;
  /** What is before it. */
  vector: number[];
}

/**
 * The order in which this process has the records of all partitions: of each its partition, which with the order within a partition tells where every record is. The
 * place after a record is the sum of the offsets before it in all partitions, so that it is the same number wherever the same records were had.
 *
 * It is known from a lowest place, `base`, to the newest, `top`, and grows at both ends.
 */
export class Path {
  readonly count: number;
  #blocks: Block[] = [];
  /** The number of the first block. */
  #first: number;
  #base: number[];
  #baseOffset: number;
  #top: number[];
  #topOffset: number;
  /** The last place that was looked up: most look-ups are of the one after it. */
  #last: { offset: number; readonly vector: number[] };

  /** @param start - Where it begins, empty. */
  constructor(start: Vector) {
    this.count = start.length;
    this.#base = [...start];
    this.#top = [...start];
    this.#baseOffset = sumOf(start);
    this.#topOffset = this.#baseOffset;
    this.#first = Math.floor(this.#baseOffset / BLOCK);
    this.#last = { offset: this.#baseOffset, vector: [...start] };
  }

  /** How many records are known. */
  get length(): number {
    return this.#topOffset - this.#baseOffset;
  }

  get base(): { readonly offset: number; readonly vector: Vector } {
    return { offset: this.#baseOffset, vector: this.#base };
  }

  get top(): { readonly offset: number; readonly vector: Vector } {
    return { offset: this.#topOffset, vector: this.#top };
  }

  /** The next record is of this partition. @returns Its offset. */
  push(partition: number): number {
    const block = this.#blockFor(this.#topOffset, this.#top);
    block.partitions[this.#topOffset % BLOCK] = partition;
    (this.#top[partition] as number)++;
    this.#topOffset++;
    return this.#topOffset;
  }

  /** The record before all that are known is of this partition. */
  prepend(partition: number): void {
    this.#baseOffset--;
    (this.#base[partition] as number)--;
    const block = this.#blockFor(this.#baseOffset, this.#base);
    block.partitions[this.#baseOffset % BLOCK] = partition;
    block.low = this.#baseOffset;
    block.vector = [...this.#base];
  }

  /** The partition of the record at an offset. @param offset - More than that of the base, at most that of the top. */
  partitionAt(offset: number): number {
    return this.#block(offset - 1).partitions[(offset - 1) % BLOCK] as number;
  }

  /** What is before a place. The answer holds until the next call. @param offset - From that of the base to that of the top. */
  vectorAt(offset: number): Vector {
    const { vector } = this.#last;
    let from = this.#last.offset;
    if (offset < from || offset - from > BLOCK) {
      if (offset === this.#topOffset) return this.#top;
      const block = this.#block(offset);
      from = block.low;
      for (let p = 0; p < this.count; p++) vector[p] = block.vector[p] as number;
    }
    for (; from < offset; from++) (vector[this.partitionAt(from + 1)] as number)++;
    this.#last.offset = offset;
    return vector;
  }

  /**
   * The first place that has everything of a partition up to an offset there.
   *
   * @returns undefined where that is beyond the top. The base where it is before that.
   */
  placeOf(partition: number, offset: number): number | undefined {
    if (offset > (this.#top[partition] as number)) return undefined;
    if (offset <= (this.#base[partition] as number)) return this.#baseOffset;
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (((this.#blocks[middle] as Block).vector[partition] as number) < offset) low = middle;
      else high = middle - 1;
    }
    const block = this.#blocks[low] as Block;
    return this.#walk(partition, block.low, offset - (block.vector[partition] as number));
  }

  /**
   * The places of records of a partition, none of which is beyond the top. Of those that are not known any more, as where a large batch was trimmed at once: some place
   * before all that are.
   *
   * @param offsets - Rising.
   */
  placesOf(partition: number, offsets: readonly number[]): number[] {
    const base = this.#base[partition] as number;
    let have = base;
    let place = this.#baseOffset;
    return offsets.map((offset) => {
      if (offset <= base) return this.#baseOffset - (base - offset);
      place = have === base ? (this.placeOf(partition, offset) ?? this.#topOffset) : this.#walk(partition, place, offset - have);
      have = offset;
      return place;
    });
  }

  /** The place after so many more records of a partition, at most the top. */
  #walk(partition: number, from: number, count: number): number {
    let place = from;
    for (let left = count; left > 0 && place < this.#topOffset;) {
      const { partitions } = this.#block(place);
      for (let i = place % BLOCK; i < BLOCK && left > 0; i++) {
        if (partitions[i] === partition) left--;
        place++;
      }
    }
    return place;
  }

  /** Forgets what is before a place, all but some of it. @returns Whether it was anything. */
  dropBefore(offset: number): boolean {
    let count = 0;
    while (count + 1 < this.#blocks.length && (this.#blocks[count + 1] as Block).low <= offset) count++;
    if (count === 0) return false;
    this.#blocks = this.#blocks.slice(count);
    this.#first += count;
    const block = this.#blocks[0] as Block;
    this.#base = [...block.vector];
    this.#baseOffset = block.low;
    this.#last = { offset: this.#topOffset, vector: [...this.#top] };
    return true;
  }

  #block(offset: number): Block {
    const block = this.#blocks[Math.floor(offset / BLOCK) - this.#first] ?? this.#blocks.at(-1);
    if (block === undefined || offset < this.#baseOffset) throw new RangeError(`The place ${offset} is not known.`);
    return block;
  }

  #blockFor(offset: number, vector: readonly number[]): Block {
    const number = Math.floor(offset / BLOCK);
    if (this.#blocks.length === 0) this.#first = number;
    const index = number - this.#first;
    let block = this.#blocks[index];
    if (block !== undefined) return block;
    block = { partitions: new Uint8Array(BLOCK), low: offset, vector: [...vector] };
    if (index < 0) {
      this.#blocks.unshift(block);
      this.#first--;
    } else this.#blocks.push(block);
    return block;
  }
}
