import { Damage } from "./failure.ts";
import { BRANCH, HEADER_BYTES, LEAF, number, OVERFLOW, type PageFile, type Tree, TREE_BYTES } from "./page-file.ts";

/** Kinds of nodes: how a leaf holds a value. */
const ON_OVERFLOW = 1;
const IS_TREE = 2;
const HAS_DUPLICATES = 4;
const NODE_BYTES = 8;
const OVERFLOW_BYTES = 24;
/**
 * The transaction that the pages of a compacted copy name. Pages of large values keep their number.
 */
const COMPACTED = 1;
/** Kind of the small page inside another page that holds the values of one key. */
const SUB_PAGE = 0x40;

/** Content of a leaf under a key. Both fields are views of a reused buffer. */
export interface Leaf {
  readonly key: Buffer;
  readonly value: Buffer;
  /** Whether the value describes a further tree. */
  readonly isTree: boolean;
  /** Start place for walking that tree. */
  readonly place: Place;
}

/** Depth of a page below the first tree, and the transaction that wrote the page above. */
export interface Place {
  readonly level: number;
  readonly writtenBy: number;
}

/**
 * Walks through trees of pages. Throws {@link Damage} at the first page that the engine could not
 * read, or that is reached twice.
 */
export class TreeWalk {
  readonly #file: PageFile;
  /** Free pages past the end of the file that were never written. */
  freeBeyond = 0;
  /** 1 if a page is used, or is known to be free. */
  readonly #uses: Uint8Array;
  /** One page per level, because a page is read on after the pages below. */
  readonly #levels: Buffer[] = [];
  readonly #header = Buffer.alloc(HEADER_BYTES);

  constructor(file: PageFile, lastPage: number) {
    this.#file = file;
    // Free pages that were never written may be missing at the end.
    this.#uses = new Uint8Array(Math.min(lastPage + 1, file.pages));
    this.#uses.fill(1, 0, 2);
  }

  /** Notes that a page, or several from it, are used. Each may be used only once. */
  use(page: number, count = 1): void {
    if (count === 0) return;
    // Written so that NaN is refused too.
    if (!(page + count <= this.#uses.length)) throw new Damage(`page ${page} is missing: the file has room for ${this.#uses.length}`);
    for (let i = page; i < page + count; i++) if ((this.#uses[i] as number) !== 0) throw new Damage(`page ${i} is used for two things`);
    this.#uses.fill(1, page, page + count);
  }

  /** Notes that pages are free. They may be past the end, and must not be used. */
  free(page: number, count: number): void {
    if (!(page >= 2)) throw new Damage("a list of free pages is not what was written");
    const inside = Math.max(0, Math.min(count, this.#uses.length - page));
    this.use(page, inside);
    this.freeBeyond += count - inside;
  }

  /**
   * @param wantsLarge - Whether to read values with pages of their own too. Otherwise they are
   *   empty.
   */
  walk({ root, depth }: Tree, place: Place, onLeaf: (leaf: Leaf) => void, wantsLarge = false): void {
    if (root !== undefined) this.#page(root, depth, place, onLeaf, wantsLarge);
  }

  #page(page: number, depth: number, { level, writtenBy: aboveWrittenBy }: Place, onLeaf: (leaf: Leaf) => void, wantsLarge: boolean): void {
    this.use(page);
    const buffer = (this.#levels[level] ??= Buffer.alloc(this.#file.pageBytes));
    this.#file.read(page, buffer);
    const place = { level: level + 1, writtenBy: checkHeader(buffer, page, depth > 1 ? BRANCH : LEAF, aboveWrittenBy) };
    for (const at of nodesOf(buffer, page)) {
      const low = buffer.readUInt32LE(at);
      const flags = buffer.readUInt16LE(at + 4);
      const keyAt = at + NODE_BYTES;
      const keyEnd = keyAt + buffer.readUInt16LE(at + 6);
      if (depth > 1) {
        if (keyEnd > buffer.length) throw changed(page);
        this.#page(low + flags * 2 ** 32, depth - 1, place, onLeaf, wantsLarge);
        continue;
      }
      const isLarge = flags === ON_OVERFLOW;
      const isTree = (flags & IS_TREE) !== 0;
      const end = keyEnd + (isLarge ? OVERFLOW_BYTES : low);
      if ((!isLarge && (flags & ON_OVERFLOW) !== 0) || flags > 7 || end > buffer.length || (isTree && low !== TREE_BYTES))
        throw changed(page);
      const inPlace = buffer.subarray(keyEnd, end);
      if (flags === HAS_DUPLICATES) checkSubPage(inPlace, page);
      const value = isLarge ? this.#large(inPlace, page, low, place.writtenBy, wantsLarge) : inPlace;
      onLeaf({ key: buffer.subarray(keyAt, keyEnd), value, isTree, place });
    }
  }

  #large(reference: Buffer, page: number, bytes: number, writtenBy: number, isWanted: boolean): Buffer {
    const first = number(reference, 0);
    const pages = number(reference, 16);
    if (pages !== Math.ceil((HEADER_BYTES + bytes) / this.#file.pageBytes)) throw changed(page);
    this.use(first, pages);
    this.#file.read(first, this.#header);
    checkHeader(this.#header, first, OVERFLOW, writtenBy === COMPACTED ? Infinity : writtenBy);
    if (this.#header.readUInt32LE(20) !== pages) throw changed(first);
    if (!isWanted) return reference.subarray(0, 0);
    const all = Buffer.alloc(HEADER_BYTES + bytes);
    this.#file.read(first, all);
    return all.subarray(HEADER_BYTES);
  }
}

/** @returns The transaction that wrote the page. */
function checkHeader(buffer: Buffer, page: number, kind: number, aboveWrittenBy: number): number {
  const writtenBy = number(buffer, 8);
  // A commit that writes a page writes all pages above.
  if (number(buffer, 0) !== page || writtenBy > aboveWrittenBy || buffer.readUInt16LE(18) !== kind) throw changed(page);
  return writtenBy;
}

/** Offsets of a page's nodes. */
function nodesOf(buffer: Buffer, page: number): number[] {
  const slots = buffer.readUInt16LE(20);
  const upper = buffer.readUInt16LE(22);
  const isBranch = buffer.readUInt16LE(18) === BRANCH;
  if (slots % 2 !== 0 || slots > upper || upper > buffer.length - HEADER_BYTES || slots < (isBranch ? 4 : 2)) throw changed(page);
  const nodes: number[] = [];
  for (let slot = HEADER_BYTES; slot < HEADER_BYTES + slots; slot += 2) {
    const at = buffer.readUInt16LE(slot) + HEADER_BYTES;
    if (at < upper + HEADER_BYTES || at + NODE_BYTES > buffer.length) throw changed(page);
    nodes.push(at);
  }
  return nodes;
}

function checkSubPage(buffer: Buffer, page: number): void {
  if (buffer.length < HEADER_BYTES || (buffer.readUInt16LE(18) & (SUB_PAGE | LEAF)) !== (SUB_PAGE | LEAF)) throw changed(page);
  for (const at of nodesOf(buffer, page)) {
    if (at + NODE_BYTES + buffer.readUInt16LE(at + 6) > buffer.length) throw changed(page);
  }
}

function changed(page: number): Damage {
  return new Damage(`page ${page} is not what was written`);
}
