import { fstatSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { HashTable } from "./hash-table.ts";
import { sortedTexts } from "./sorted-texts.ts";
import { SparseIndex } from "./sparse-index.ts";

const MAGIC: Buffer = Buffer.from("ARTIDX\0\u0001", "latin1");
const HEAD_BYTES = 64;
/** Texts of a block. A look-up reads one block, and more only if many texts have the hash. */
const BLOCK_TEXTS = 64;
/** Bytes of a text: hash and place. */
const TEXT_BYTES = 8;
/** Numbers of a block in the table of blocks. */
const BLOCK_NUMBERS = 3;
/** Most texts and numbers of places of a file. A segment has fewer. */
const MOST = 2 ** 28;
/** Blocks between two marks where others may have their turn. */
const BLOCKS_PER_STEP = 1024;
/** Written in the byte order of the machine, so that a file of another order is noticed. */
const BYTE_ORDER = 0x01020304;

/**
 * Index file of a sealed segment: where its entries are, and where ids and keys are by their
 * hashes.
 *
 * Head: 0: magic. 8: checksum of the rest of the head, the places and the blocks. 12: numbers of
 * places. 16: unused. 20: number of texts. 24: first offset. 32: first offset of the next segment.
 * 40: length of the segment. 48: byte order. Then the places ({@link SparseIndex}), the blocks (hash
 * and place of the first text, and the checksum), and the texts (hash and place), in order.
 */
export class SegmentIndex {
  readonly sparse: SparseIndex;
  /** Offset of the first record of the next segment. */
  readonly next: number;
  /** Length of the segment. */
  readonly length: number;
  readonly #fd: () => number;
  readonly #salt: number;
  readonly #count: number;
  readonly #blocks: Uint32Array;
  readonly #textsAt: number;

  private constructor(fd: () => number, salt: number, head: Buffer, tables: Buffer) {
    this.#fd = fd;
    this.#salt = salt;
    const numbers = head.readUInt32LE(12);
    this.#count = head.readUInt32LE(20);
    this.next = head.readDoubleLE(32);
    this.length = head.readDoubleLE(40);
    const places = new Uint32Array(tables.buffer, tables.byteOffset, numbers);
    this.sparse = SparseIndex.of(head.readDoubleLE(24), places, this.next, this.length);
    this.#blocks = new Uint32Array(tables.buffer, tables.byteOffset + 4 * numbers);
    this.#textsAt = HEAD_BYTES + tables.length;
  }

  /**
   * Reads an index, except its texts.
   *
   * @param first - First offset of its segment.
   * @returns Undefined if the file is not as written.
   */
  static read(fd: () => number, first: number, salt: number): SegmentIndex | undefined {
    const head = Buffer.alloc(HEAD_BYTES);
    if (readSync(fd(), head, 0, HEAD_BYTES, 0) < HEAD_BYTES || !head.subarray(0, 8).equals(MAGIC)) return undefined;
    const numbers = head.readUInt32LE(12);
    const count = head.readUInt32LE(20);
    if (numbers > MOST || numbers < 2 || numbers % 2 !== 0 || count > MOST || head.readDoubleLE(24) !== first) return undefined;
    if (new Uint32Array(head.buffer, head.byteOffset + 48, 1)[0] !== BYTE_ORDER) return undefined;
    const tablesBytes = tablesLength(numbers, count);
    // A damaged length must not take all memory.
    if (fstatSync(fd()).size !== HEAD_BYTES + tablesBytes + TEXT_BYTES * count) return undefined;
    // A buffer of its own is aligned for numbers of four bytes.
    const tables = Buffer.from(new ArrayBuffer(tablesBytes));
    if (readSync(fd(), tables, 0, tables.length, HEAD_BYTES) < tables.length) return undefined;
    if (sumOf(head, tables, salt) !== head.readUInt32LE(8)) return undefined;
    return new SegmentIndex(fd, salt, head, tables);
  }

  /**
   * Finds the offsets of records that may have the text, rising. Many texts may have one hash, so
   * the work ends with the last offset that is asked for.
   *
   * @param from - The least offset. @param most - Most offsets.
   * @returns Undefined if the file is not as written.
   */
  find(hash: number, from: number, most: number): number[] | undefined {
    const { first } = this.sparse;
    const least = Math.max(0, from - first);
    const found: number[] = [];
    for (let block = this.#blockOf(hash, least); block * BLOCK_TEXTS < this.#count; block++) {
      const texts = this.#read(block);
      if (texts === undefined) return undefined;
      for (let i = 0; i < texts.length; i += 2) {
        const place = texts[i + 1] as number;
        if ((texts[i] as number) > hash || found.length >= most) return found;
        if (texts[i] === hash && place >= least) found.push(first + place);
      }
    }
    return found;
  }

  /** The block that a text with a hash and a place would be in. */
  #blockOf(hash: number, place: number): number {
    const blocks = this.#blocks;
    let low = 0;
    for (let high = blocks.length / BLOCK_NUMBERS; low < high;) {
      const middle = (low + high) >> 1;
      const at = blocks[BLOCK_NUMBERS * middle] as number;
      if (at < hash || (at === hash && (blocks[BLOCK_NUMBERS * middle + 1] as number) <= place)) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #read(block: number): Uint32Array | undefined {
    const start = block * BLOCK_TEXTS;
    const texts = Buffer.from(new ArrayBuffer(TEXT_BYTES * Math.min(BLOCK_TEXTS, this.#count - start)));
    if (readSync(this.#fd(), texts, 0, texts.length, this.#textsAt + TEXT_BYTES * start) < texts.length) return undefined;
    if (crc32(texts, this.#salt) !== this.#blocks[BLOCK_NUMBERS * block + 2]) return undefined;
    return new Uint32Array(texts.buffer);
  }

  /** Encodes an index, in steps. @returns The file. */
  static *encode(sparse: SparseIndex, texts: HashTable, salt: number): Generator<undefined, Buffer> {
    const { places } = sparse;
    const count = texts.size;
    const tablesBytes = tablesLength(places.length, count);
    const textsAt = HEAD_BYTES + tablesBytes;
    const file = new ArrayBuffer(textsAt + TEXT_BYTES * count);
    const head = Buffer.from(file, 0, HEAD_BYTES);
    const tables = Buffer.from(file, HEAD_BYTES, tablesBytes);
    new Uint32Array(file, HEAD_BYTES, places.length).set(places);
    const blocks = new Uint32Array(file, HEAD_BYTES + 4 * places.length, blocksOf(count) * BLOCK_NUMBERS);
    const numbers = new Uint32Array(file, textsAt);
    yield* sortedTexts(texts, numbers);
    for (let block = 0; block < blocksOf(count); block++) {
      const start = block * BLOCK_TEXTS;
      blocks[BLOCK_NUMBERS * block] = numbers[2 * start] as number;
      blocks[BLOCK_NUMBERS * block + 1] = numbers[2 * start + 1] as number;
      const length = TEXT_BYTES * Math.min(BLOCK_TEXTS, count - start);
      blocks[BLOCK_NUMBERS * block + 2] = crc32(Buffer.from(file, textsAt + TEXT_BYTES * start, length), salt);
      if (block % BLOCKS_PER_STEP === 0) yield;
    }
    MAGIC.copy(head);
    head.writeUInt32LE(places.length, 12);
    head.writeUInt32LE(count, 20);
    head.writeDoubleLE(sparse.first, 24);
    head.writeDoubleLE(sparse.next, 32);
    head.writeDoubleLE(sparse.knownTo, 40);
    new Uint32Array(file, 48, 1)[0] = BYTE_ORDER;
    head.writeUInt32LE(sumOf(head, tables, salt), 8);
    return Buffer.from(file);
  }
}

const blocksOf = (count: number): number => Math.ceil(count / BLOCK_TEXTS);

/** Bytes of the places and the blocks. */
const tablesLength = (numbers: number, count: number): number => 4 * (numbers + BLOCK_NUMBERS * blocksOf(count));

function sumOf(head: Buffer, tables: Buffer, salt: number): number {
  return crc32(tables, crc32(head.subarray(12), salt));
}
