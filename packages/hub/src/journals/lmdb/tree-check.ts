import { existsSync, statSync } from "node:fs";
import { Damage } from "./failure.ts";
import { type Meta, PageFile, parseTree } from "./page-file.ts";
import { TreeWalk } from "./tree-walk.ts";

/** Names in the main tree, and the flags that say how the engine reads what is below them. */
const FLAGS: ReadonlyMap<string, number> = new Map([
  ["rows", 0],
  ["ids", 4],
  ["meta", 0],
  ["state", 0],
  ["keys", 0],
  ["key-ends", 0],
]);
/** Looks at a file that others write to meanwhile, before it is left to the engine. */
const MOST_LOOKS = 3;

/**
 * Looks for damage in the structure of an LMDB file: each page that is reached is where it says that it is, within the file, used once, not free, and no
 * newer than the page above it, and what is on it lies within it. Where that does not hold LMDB ends the process, or writes over pages that are in
 * use. Values are not looked at: records have checksums of their own.
 *
 * Reads every page that is in use. Other processes may write to the file meanwhile.
 *
 * @param path - The data file. One that does not exist or is empty is sound: LMDB begins it.
 * @returns What is wrong; undefined where nothing is known to be.
 */
export function findDamage(path: string): string | undefined {
  if (!existsSync(path) || statSync(path).size === 0) return undefined;
  for (let look = 0; look < MOST_LOOKS; look++) {
    const { damage, isStill } = lookOnce(path);
    // A page that one commit sets free may be written anew by the next but one: what was read while there were commits proves nothing.
    if (damage === undefined || isStill) return damage;
  }
  return undefined;
}

/** Whether the end of the file is missing. That much is soon known; not yet whether anything was there. */
export function isShort(path: string): boolean {
  if (!existsSync(path) || statSync(path).size === 0) return false;
  let file: PageFile | undefined;
  try {
    file = new PageFile(path);
    const newest = newestOf(file);
    return newest !== undefined && newest.lastPage >= file.pages;
  } catch (error) {
    if (error instanceof Damage) return true;
    throw error;
  } finally {
    file?.close();
  }
}

/** @returns What is wrong, and whether no commit came in between. */
function lookOnce(path: string): { readonly damage: string | undefined; readonly isStill: boolean } {
  const file = new PageFile(path);
  let before: number | undefined;
  try {
    const newest = newestOf(file);
    before = newest?.transaction;
    if (newest !== undefined) checkTrees(file, newest);
    return { damage: undefined, isStill: true };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    return { damage: error.message, isStill: before === transactionOf(file) };
  } finally {
    file.close();
  }
}

function transactionOf(file: PageFile): number | undefined {
  try {
    return newestOf(file)?.transaction;
  } catch {
    return undefined; // As it was before: this is only asked after damage was found.
  }
}

function newestOf(file: PageFile): Meta | undefined {
  const metas = file.metas();
  if (metas === undefined) return undefined;
  const [even, odd] = metas;
  const [a, b] = [even.transaction, odd.transaction];
  // Each commit writes the page of its own parity. Where that does not hold, a number was changed, and an old state would pass for the newest.
  if ((a !== 0 || b !== 0) && (a % 2 !== 0 || b % 2 !== 1 || Math.abs(a - b) !== 1))
    throw new Damage("its two newest commits do not follow each other");
  return a > b ? even : odd;
}

/** @throws Damage */
function checkTrees(file: PageFile, { free, main, transaction, ...meta }: Meta): void {
  const walk = new TreeWalk(file, meta.lastPage);
  const top = { level: 0, writtenBy: transaction };
  walk.walk(free, top, ({ value }) => noteFree(walk, value), true);
  const beyond = Math.max(0, meta.lastPage + 1 - file.pages);
  // What is past the end can only be free, and that only up to the last page.
  if (walk.freeBeyond !== beyond) throw new Damage(`page ${meta.lastPage} is missing: the file has room for ${file.pages}`);
  walk.walk(main, top, ({ key, value, isTree, place }) => {
    if (!isTree) return;
    const tree = parseTree(value, 0);
    const flags = FLAGS.get(key.toString("latin1").replace(/\0+$/, ""));
    if (flags !== undefined && tree.flags !== flags) throw new Damage("the description of a tree is not what was written");
    walk.walk(tree, place, (inner) => {
      if (inner.isTree) walk.walk(parseTree(inner.value, 0), inner.place, () => undefined);
    });
  });
}

/** A list of free pages: how many entries, then pages; a negative entry says how many follow from the page after it, and 0 is nothing. */
function noteFree(walk: TreeWalk, list: Buffer): void {
  const entries = list.length < 8 ? -1 : Number(list.readBigInt64LE(0));
  if (entries < 0 || (entries + 1) * 8 > list.length) throw new Damage("a list of free pages is not what was written");
  for (let i = 1; i <= entries; i++) {
    const entry = Number(list.readBigInt64LE(i * 8));
    if (entry > 0) walk.free(entry, 1);
    else if (entry < 0) walk.free(i < entries ? Number(list.readBigInt64LE(++i * 8)) : 0, -entry);
  }
}
