import { sumOf, type Vector } from "./vector.ts";

/** Places in a block, which bounds the count of a look-up. */
const BLOCK = 1024;

interface Block {
  /** Partition of each record. */
  readonly partitions: Uint8Array;
  /** The lowest known place of the block. */
  low: number;
  /** The vector at that place. */
  vector: number[];
}

/**
 * The order in which this process has the records of all partitions. The path stores the partition
 * of each record. With the order within each partition, that gives the place of every record. The
 * place after a record is the sum of the offsets before it in all partitions. So the number is the
 * same in every process that had the same records.
 *
 * The path is known from a lowest place, `base`, to the newest, `top`, and grows at both ends.
 */
export class Path {
  readonly count: number;
  #blocks: Block[] = [];
  /** Number of the first block. */
  #first: number;
  #base: number[];
  #baseOffset: number;
  #top: number[];
  #topOffset: number;
  /** The last place that was looked up. Most look-ups are of the next place. */
  #last: { offset: number; readonly vector: number[] };

  /** @param start - Place at which the path begins, empty. */
  constructor(start: Vector) {
    this.count = start.length;
    this.#base = [...start];
    this.#top = [...start];
    this.#baseOffset = sumOf(start);
    this.#topOffset = this.#baseOffset;
    this.#first = Math.floor(this.#baseOffset / BLOCK);
    this.#last = { offset: this.#baseOffset, vector: [...start] };
  }

  /** Number of known records. */
  get length(): number {
    return this.#topOffset - this.#baseOffset;
  }

  get base(): { readonly offset: number; readonly vector: Vector } {
    return { offset: this.#baseOffset, vector: this.#base };
  }

  get top(): { readonly offset: number; readonly vector: Vector } {
    return { offset: this.#topOffset, vector: this.#top };
  }

  /** Appends a record of this partition. @returns Its offset. */
  push(partition: number): number {
    const block = this.#blockFor(this.#topOffset, this.#top);
    block.partitions[this.#topOffset % BLOCK] = partition;
    (this.#top[partition] as number)++;
    this.#topOffset++;
    return this.#topOffset;
  }

  /** Prepends a record of this partition before all known records. */
  prepend(partition: number): void {
    this.#baseOffset--;
    (this.#base[partition] as number)--;
    const block = this.#blockFor(this.#baseOffset, this.#base);
    block.partitions[this.#baseOffset % BLOCK] = partition;
    block.low = this.#baseOffset;
    block.vector = [...this.#base];
  }

  /**
   * The partition of the record at an offset. @param offset - Above the base's, at most the top's.
   */
  partitionAt(offset: number): number {
    return this.#block(offset - 1).partitions[(offset - 1) % BLOCK] as number;
  }

  /**
   * The vector at a place. The answer is valid until the next call. @param offset - From the base's
   * to the top's.
   */
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
   * @returns Undefined if the place is beyond the top. The base if the place is before the base.
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
   * The places of records of a partition, none of which is beyond the top. Records that are not
   * known any more, as after a large batch was trimmed at once, get a place before all known
   * records.
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

  /** Forgets the records before a place, except some. @returns Whether any were forgotten. */
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
