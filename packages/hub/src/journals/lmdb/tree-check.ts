import { existsSync, statSync } from "node:fs";
import { Damage } from "./failure.ts";
import { type Meta, PageFile, parseTree } from "./page-file.ts";
import { TreeWalk } from "./tree-walk.ts";

/** Names in the main tree, and the flags that tell the engine how to read their trees. */
const FLAGS: ReadonlyMap<string, number> = new Map([
  ["rows", 0],
  ["ids", 4],
  ["meta", 0],
  ["state", 0],
  ["keys", 0],
  ["key-ends", 0],
]);
/**
 * Most tries with a file that others write to meanwhile. After that the file is left to the engine.
 */
const MOST_LOOKS = 3;

/**
 * Finds damage in the structure of an LMDB file. Each page reached must be at its own number,
 * within the file, used once, not free, and no newer than the page above. The content of a page
 * must lie within the page. On other files LMDB ends the process, or overwrites pages in use.
 * Values are not checked, because records have checksums of their own.
 *
 * Reads every page in use. Other processes may write to the file meanwhile.
 *
 * @param path - The data file. A file that does not exist or is empty is sound, because LMDB begins
 *   it.
 * @returns The damage, or undefined if none is known.
 */
export function findDamage(path: string): string | undefined {
  if (!existsSync(path) || statSync(path).size === 0) return undefined;
  for (let look = 0; look < MOST_LOOKS; look++) {
    const { damage, isStill } = lookOnce(path);
    // A page that one commit frees may be overwritten by the next but one. A read during commits
    // proves nothing.
    if (damage === undefined || isStill) return damage;
  }
  return undefined;
}

/**
 * Tells whether the end of the file is missing. This check is fast, but cannot tell whether the
 * missing part held data.
 */
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

/** @returns The damage, and whether no commit came in between. */
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
    return undefined; // Unchanged, because the call happens only after damage was found.
  }
}

function newestOf(file: PageFile): Meta | undefined {
  const metas = file.metas();
  if (metas === undefined) return undefined;
  const [even, odd] = metas;
  const [a, b] = [even.transaction, odd.transaction];
  // Each commit writes the page of its own parity. Otherwise a number was changed, and an old state
  // would pass for the newest.
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
  // Pages past the end can only be free, and only up to the last page.
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

/**
 * Notes a list of free pages. The list starts with its number of entries, then pages follow. A
 * negative entry is the length of a run of pages, which begins at the next entry's page. 0 is
 * nothing.
 */
function noteFree(walk: TreeWalk, list: Buffer): void {
  const entries = list.length < 8 ? -1 : Number(list.readBigInt64LE(0));
  if (entries < 0 || (entries + 1) * 8 > list.length) throw new Damage("a list of free pages is not what was written");
  for (let i = 1; i <= entries; i++) {
    const entry = Number(list.readBigInt64LE(i * 8));
    if (entry > 0) walk.free(entry, 1);
    else if (entry < 0) walk.free(i < entries ? Number(list.readBigInt64LE(++i * 8)) : 0, -entry);
  }
}
