import { constants, copyFileSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { chmod, copyFile, open } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { makeDirectory } from "../../../make-directory.ts";
import { findLog, mustExist } from "./current-place.ts";
import { FILE_MODE } from "../files/file-operations.ts";
import { flushPath, identityPath } from "../files/identity.ts";
import type { LogPlace } from "../files/log-access.ts";
import { listSegments, segmentPath } from "../files/segment.ts";
import { verify } from "./verify.ts";

const COPY_BYTES = 1024 * 1024;
/** Passes over a journal that is written meanwhile. Each pass copies what came during the last. */
const MOST_PASSES = 20;
/** Passes after which a copy that can be opened is enough, although the newest segment changed. */
const ENOUGH_PASSES = 3;

/** How far a copy has come. */
export interface BackedUp extends LogPlace {
  /**
   * The copy has every update that was acknowledged before this time, in milliseconds since 1970.
   */
  readonly asOf: number;
}

/**
 * Copies a log into another directory, while other processes may write it. The copy is read back
 * and checked. A last pass then adds what came meanwhile, so the copy ends some milliseconds before
 * this function does.
 *
 * @param to - Directory to make. An existing directory must be empty.
 * @throws Error if there is no log, the directory can't be taken or written, or the copy could not
 *   be opened. Nothing of it is left then.
 */
export async function backUp(directory: string, to: string): Promise<BackedUp> {
  mustExist(directory);
  const isMade = prepareTarget(directory, to);
  try {
    const most = await copyLog(directory, to);
    // The name in the file is that of the original, so the copy is noticed.
    copyFileSync(identityPath(directory), identityPath(to));
    await keep(to);
    checkEnd(await tailOfWhole(to), most);
    // The check may have taken minutes.
    const all = await copyLog(directory, to, most);
    await keep(to);
    checkEnd(all.segment === most.segment ? (await findLog(to)).place.tail : await tailOfWhole(to), all);
    return all;
  } catch (error) {
    for (const name of isMade ? [] : readdirSync(to)) rmSync(join(to, name), { recursive: true, force: true });
    if (isMade) rmSync(to, { recursive: true, force: true });
    throw error;
  }
}

/** Makes a copy private and durable: a backup that a power cut takes away is no backup. */
async function keep(to: string): Promise<void> {
  for (const name of readdirSync(to)) {
    await chmod(join(to, name), FILE_MODE);
    flushPath(join(to, name));
  }
  flushPath(to);
}

async function tailOfWhole(to: string): Promise<number> {
  const { isTableWhole, tail } = await verify(to);
  if (isTableWhole) return tail;
  throw new Error("The copy could not be opened, because its shared table is not whole. Run `artesian journal verify`.");
}

function checkEnd(tail: number, copied: LogPlace): void {
  if (tail !== copied.tail) throw new Error(`The copy ends with update ${tail} instead of ${copied.tail}. Try again.`);
}

/** @returns Whether the directory was made. @throws Error if a directory can't be the target. */
function prepareTarget(directory: string, to: string): boolean {
  const found = statSync(to, { throwIfNoEntry: false });
  if (found?.isDirectory() === false) throw new Error(`${to} is a file. Name a directory that is empty, or does not exist.`);
  if (`${realPathOf(to)}${sep}`.startsWith(`${realpathSync(directory)}${sep}`)) {
    throw new Error(`${to} is in the journal's own directory. Name another place, best on another disk.`);
  }
  makeDirectory(to);
  if (readdirSync(to).length > 0) throw new Error(`The directory ${to} is not empty. Name one that is, or does not exist.`);
  return found === undefined;
}

/** The path without symbolic links, also of a directory that does not exist yet. */
function realPathOf(path: string): string {
  const whole = resolve(path);
  const parent = dirname(whole);
  if (parent === whole || statSync(whole, { throwIfNoEntry: false }) !== undefined) return realpathSync(whole);
  return join(realPathOf(parent), basename(whole));
}

/**
 * Makes passes until the copy can be opened, and has the newest segment.
 *
 * @param before - Place up to which the copy is whole already.
 */
async function copyLog(directory: string, to: string, before?: LogPlace): Promise<BackedUp> {
  let copied = before;
  for (let pass = 1; pass <= MOST_PASSES; pass++) {
    const oldest = listSegments(directory)[0] ?? 1;
    const asOf = Date.now();
    const { place } = await findLog(directory);
    const isWhole = await copyUpTo(directory, to, place, copied, oldest);
    const isNewest = copied?.segment === place.segment || pass >= ENOUGH_PASSES;
    if (!isWhole) continue;
    if (isNewest) return { ...place, asOf };
    copied = place;
  }
  throw new Error("The journal drops its segments sooner than they can be copied. Raise --retention-bytes, or stop the hub for the copy.");
}

/**
 * Copies all that is not copied yet. Bytes of a segment never change once they are flushed.
 *
 * @param before - Place up to which the copy is whole already.
 * @param oldest - First offset of the oldest segment before the pass.
 * @returns Whether the copy has all segments from a checkpoint of the table on, and all held updates.
 */
async function copyUpTo(directory: string, to: string, place: LogPlace, before: LogPlace | undefined, oldest: number): Promise<boolean> {
  // A checkpoint first, because the segments from the last but one on stay until there is a newer.
  let table = 0;
  for (const first of listSegments(directory, "table")) {
    if (first > place.segment) continue;
    if (await copyIfThere(segmentPath(directory, first, "table"), segmentPath(to, first, "table"))) table = first;
  }
  const all = listSegments(directory).filter((first) => first <= place.segment);
  const isNeeded = (first: number, next = Infinity): boolean => next > place.head || (table > 0 && first >= table);
  for (const [i, first] of all.entries()) {
    if (!isNeeded(first, all[i + 1])) continue;
    const source = segmentPath(directory, first, "log");
    const target = segmentPath(to, first, "log");
    const isKnown = before !== undefined && first <= before.segment;
    const isActive = first === place.segment;
    if (isActive && !(await copyRange(source, target, isKnown && before.segment === first ? before.position : 0, place.position)))
      return false;
    if (!isActive && (!isKnown || before.segment === first)) await copyIfThere(source, target);
    if (!isActive) await copyIfThere(segmentPath(directory, first, "index"), segmentPath(to, first, "index"));
  }
  // The oldest segments may have been dropped meanwhile. A copy has no hole.
  const present = new Set(listSegments(directory));
  const gone = listSegments(to).filter((first) => !present.has(first));
  for (const first of gone) for (const part of ["log", "index", "table"] as const) rmSync(segmentPath(to, first, part), { force: true });
  const copies = listSegments(to);
  const isTableThere = copies[0] === 1 || listSegments(to, "table").some((first) => copies.includes(first));
  const hasHead = (copies[0] ?? Infinity) <= Math.max(place.head, oldest);
  return isTableThere && hasHead && copies.at(-1) === place.segment;
}

/**
 * The table's older checkpoints, indexes and segments may be dropped during the copy.
 *
 * @returns Whether the file was there.
 */
async function copyIfThere(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw new Error(`${basename(from)}: ${String(error)}`, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "code") === "ENOENT";
}

/** @returns Whether the file was there. */
async function copyRange(from: string, to: string, start: number, end: number): Promise<boolean> {
  const source = await open(from, "r").catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (source === undefined) return false;
  try {
    const target = await open(to, start === 0 ? "w" : "r+", FILE_MODE);
    try {
      const buffer = Buffer.allocUnsafe(COPY_BYTES);
      for (let at = start; at < end;) {
        const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, end - at), at);
        if (bytesRead === 0) throw new Error(`${from} is shorter than it was.`);
        for (let done = 0; done < bytesRead;) done += (await target.write(buffer, done, bytesRead - done, at + done)).bytesWritten;
        at += bytesRead;
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  return true;
}
