import { readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { HashTable } from "./hash-table.ts";
import { SparseIndex } from "./sparse-index.ts";

const MAGIC: Buffer = Buffer.from("ARTIDX\0\u0001", "latin1");
const HEAD_BYTES = 64;
/** Texts of a bucket, on average. One look-up reads a bucket. */
const BUCKET_TEXTS = 64;
const MOST_BUCKET_BITS = 16;
/** Written in the byte order of the machine, so that a file of another order is noticed. */
const BYTE_ORDER = 0x01020304;

/**
 * Index file of a sealed segment: where its entries are, and where ids and keys are by their
 * hashes.
 *
 * Head: 0: magic. 8: checksum of the rest of the head, the places and the buckets. 12: numbers of
 * places. 16: bits of a bucket. 20: number of texts. 24: first offset. 32: first offset of the next
 * segment. 40: length of the segment. 48: byte order. Then the places ({@link SparseIndex}), the
 * buckets (end and checksum of each), and the texts of one bucket after the other (hash and place).
 */
export class SegmentIndex {
  readonly sparse: SparseIndex;
  /** Offset of the first record of the next segment. */
  readonly next: number;
  /** Length of the segment. */
  readonly length: number;
  readonly #fd: () => number;
  readonly #salt: number;
  readonly #bits: number;
  readonly #buckets: Uint32Array;
  readonly #textsAt: number;

  private constructor(fd: () => number, salt: number, head: Buffer, tables: Buffer) {
    this.#fd = fd;
    this.#salt = salt;
    const numbers = head.readUInt32LE(12);
    this.#bits = head.readUInt32LE(16);
    this.next = head.readDoubleLE(32);
    this.length = head.readDoubleLE(40);
    const places = new Uint32Array(tables.buffer, tables.byteOffset, numbers);
    this.sparse = SparseIndex.of(head.readDoubleLE(24), places, this.next, this.length);
    this.#buckets = new Uint32Array(tables.buffer, tables.byteOffset + 4 * numbers, 2 << this.#bits);
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
    const bits = head.readUInt32LE(16);
    if (numbers > 2 ** 24 || numbers < 2 || numbers % 2 !== 0 || bits > MOST_BUCKET_BITS || head.readDoubleLE(24) !== first)
      return undefined;
    if (new Uint32Array(head.buffer, head.byteOffset + 48, 1)[0] !== BYTE_ORDER) return undefined;
    // A buffer of its own is aligned for numbers of four bytes.
    const tables = Buffer.from(new ArrayBuffer(4 * numbers + (8 << bits)));
    if (readSync(fd(), tables, 0, tables.length, HEAD_BYTES) < tables.length) return undefined;
    if (sumOf(head, tables, salt) !== head.readUInt32LE(8)) return undefined;
    return new SegmentIndex(fd, salt, head, tables);
  }

  /**
   * Offsets of the records that may have the text, rising.
   *
   * @returns Undefined if the file is not as written.
   */
  find(hash: number): number[] | undefined {
    const bucket = bucketOf(hash, this.#bits);
    const start = bucket === 0 ? 0 : (this.#buckets[2 * bucket - 2] as number);
    const end = this.#buckets[2 * bucket] as number;
    if (start >= end) return [];
    const texts = Buffer.from(new ArrayBuffer(8 * (end - start)));
    if (readSync(this.#fd(), texts, 0, texts.length, this.#textsAt + 8 * start) < texts.length) return undefined;
    if (crc32(texts, this.#salt) !== this.#buckets[2 * bucket + 1]) return undefined;
    const numbers = new Uint32Array(texts.buffer, 0, 2 * (end - start));
    const found: number[] = [];
    for (let i = 0; i < numbers.length; i += 2) {
      if (numbers[i] === hash) found.push(this.sparse.first + (numbers[i + 1] as number));
    }
    return found;
  }

  /** Encodes an index, in steps. @returns The parts of the file. */
  static *encode(sparse: SparseIndex, texts: HashTable, salt: number): Generator<undefined, Buffer> {
    const bits = Math.min(MOST_BUCKET_BITS, Math.max(0, Math.ceil(Math.log2(texts.size / BUCKET_TEXTS))));
    const places = sparse.places;
    const tablesBytes = 4 * places.length + (8 << bits);
    const file = new ArrayBuffer(HEAD_BYTES + tablesBytes + 8 * texts.size);
    const head = Buffer.from(file, 0, HEAD_BYTES);
    const tables = Buffer.from(file, HEAD_BYTES, tablesBytes);
    new Uint32Array(file, HEAD_BYTES, places.length).set(places);
    const buckets = new Uint32Array(file, HEAD_BYTES + 4 * places.length, 2 << bits);
    const numbers = new Uint32Array(file, HEAD_BYTES + tablesBytes);
    const starts = new Uint32Array(1 << bits);
    yield* texts.each((hash) => {
      const bucket = bucketOf(hash, bits);
      buckets[2 * bucket] = (buckets[2 * bucket] as number) + 1;
    });
    for (let bucket = 1; bucket < starts.length; bucket++) {
      starts[bucket] = buckets[2 * bucket - 2] as number;
      buckets[2 * bucket] = (starts[bucket] as number) + (buckets[2 * bucket] as number);
    }
    yield* texts.each((hash, place) => {
      const bucket = bucketOf(hash, bits);
      const i = starts[bucket] as number;
      starts[bucket] = i + 1;
      numbers[2 * i] = hash;
      numbers[2 * i + 1] = place;
    });
    const textsAt = HEAD_BYTES + tablesBytes;
    for (let bucket = 0; bucket < starts.length; bucket++) {
      const start = bucket === 0 ? 0 : (buckets[2 * bucket - 2] as number);
      const end = buckets[2 * bucket] as number;
      if (end > start) buckets[2 * bucket + 1] = crc32(Buffer.from(file, textsAt + 8 * start, 8 * (end - start)), salt);
      if (bucket % 1024 === 1023) yield;
    }
    MAGIC.copy(head);
    head.writeUInt32LE(places.length, 12);
    head.writeUInt32LE(bits, 16);
    head.writeUInt32LE(texts.size, 20);
    head.writeDoubleLE(sparse.first, 24);
    head.writeDoubleLE(sparse.next, 32);
    head.writeDoubleLE(sparse.knownTo, 40);
    new Uint32Array(file, 48, 1)[0] = BYTE_ORDER;
    head.writeUInt32LE(sumOf(head, tables, salt), 8);
    return Buffer.from(file);
  }
}

function bucketOf(hash: number, bits: number): number {
  return bits === 0 ? 0 : hash >>> (32 - bits);
}

function sumOf(head: Buffer, tables: Buffer, salt: number): number {
  return crc32(tables, crc32(head.subarray(12), salt));
}
