import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Damage } from "./failure.ts";

/**
 * Bytes before the content of every page: its number, the transaction that wrote it, flags, and the
 * fill level.
 */
export const HEADER_BYTES = 24;
/** Kinds of pages. */
export const BRANCH = 1;
export const LEAF = 2;
export const OVERFLOW = 4;
const META = 8;
const MAGIC = 0xbeefc0de;
/** The only known layout of the engine's file. A file of another layout is left to the engine. */
const LAYOUT = 2;
const DUPLICATES = 4;
const INTEGER_KEYS = 8;
/**
 * Flag of files whose owners let LMDB acknowledge before it flushes. They have a third meta page.
 */
const OTHER_SYNC = 0x1000;
const DIFFERENT = "one of its first two pages is not what was written";
/** Smallest read that shows the page size. */
const META_BYTES = 168;
/** Stands for "no page" as the root of an empty tree. */
const NO_PAGE = 2 ** 64;

/** A tree of pages, as described by the pages above. */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  /** Undefined for an empty tree. */
  readonly root: number | undefined;
}

/**
 * One of the two meta pages that commits write in turn. The newer of them describes the file's
 * content.
 */
export interface Meta {
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly transaction: number;
}

/**
 * Reads the file of an LMDB environment as pages, without LMDB, because LMDB ends the process on a
 * damaged file.
 */
export class PageFile {
  readonly pageBytes: number;
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, "r");
    const first = Buffer.alloc(META_BYTES);
    this.#read(first, 0, META_BYTES);
    this.pageBytes = first.readUInt32LE(48);
  }

  /** Number of pages that the file has room for. */
  get pages(): number {
    return Math.floor(fstatSync(this.#fd).size / this.pageBytes);
  }

  /** Reads the start of a page into a buffer, up to the buffer's length. */
  read(page: number, into: Buffer): void {
    this.#read(into, page * this.pageBytes, into.length);
  }

  /**
   * @returns Both meta pages, or undefined if the file has an unknown layout.
   * @throws Damage
   */
  metas(): readonly [Meta, Meta] | undefined {
    const { pageBytes } = this;
    const first = Buffer.alloc(META_BYTES);
    this.#read(first, 0, META_BYTES);
    if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0)
      throw new Damage(`its pages cannot have ${pageBytes} bytes`);
    const second = Buffer.alloc(META_BYTES);
    this.#read(second, pageBytes, META_BYTES);
    const both = [first, second];
    if (both.some((meta) => meta.readUInt32LE(24) !== MAGIC || meta.readUInt16LE(18) !== META))
      throw new Damage("it does not begin as such a file does");
    if (both.every((meta) => (meta.readUInt32LE(28) & 0xffff) !== LAYOUT || (meta.readUInt16LE(52) & OTHER_SYNC) !== 0)) return undefined;
    if (both.some((meta) => meta.readUInt32LE(28) !== LAYOUT || meta.readUInt32LE(48) !== pageBytes)) throw new Damage(DIFFERENT);
    return [parseMeta(first), parseMeta(second)];
  }

  close(): void {
    closeSync(this.#fd);
  }

  #read(into: Buffer, position: number, bytes: number): void {
    if (readSync(this.#fd, into, 0, bytes, position) !== bytes) {
      throw new Damage(`it ends after ${fstatSync(this.#fd).size} bytes, where more were written`);
    }
  }
}

function parseMeta(buffer: Buffer): Meta {
  const [free, main] = [parseTree(buffer, 48), parseTree(buffer, 96)];
  if (free.flags !== INTEGER_KEYS || main.flags !== 0) throw new Damage(DIFFERENT);
  return { free, main, lastPage: number(buffer, 144), transaction: number(buffer, 152) };
}

/** Bytes of a tree's description. */
export const TREE_BYTES = 48;

/** @throws Damage */
export function parseTree(buffer: Buffer, at: number): Tree {
  const root = number(buffer, at + 40);
  const tree = { flags: buffer.readUInt16LE(at + 4), depth: buffer.readUInt16LE(at + 6), root: root === NO_PAGE ? undefined : root };
  if ((tree.flags & ~(DUPLICATES | INTEGER_KEYS)) !== 0 || tree.depth > 32)
    throw new Damage("the description of a tree is not what was written");
  return tree;
}

/**
 * Reads a number of 64 bits. A number past 2⁵³ loses digits, but is out of range for a file anyway.
 */
export function number(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 2 ** 32;
}
