import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Stands for a birth time that is not known. */
const UNKNOWN = "0";
const MODE = 0o600;
let keepsBirthTimes: boolean | undefined;

/** Tells whether two identities are of one file. An unknown birth time fits any. */
export function isSameFile(a: string, b: string): boolean {
  const [inodeA, bornA] = a.split(":");
  const [inodeB, bornB] = b.split(":");
  return inodeA === inodeB && (bornA === bornB || bornA === UNKNOWN || bornB === UNKNOWN);
}

/**
 * Makes a file that names itself: its identity, a line end, and a text. @throws Error if the file
 * exists, or can't be written.
 */
export function writeSelfNamed(path: string, text: string): void {
  const fd = openSync(path, "wx", MODE);
  try {
    writeFileSync(fd, `${format(fstatSync(fd, { bigint: true }))}\n${text}`);
  } finally {
    closeSync(fd);
  }
}

/** Makes such a file without blocking the process, because a busy disk may take its time. */
export async function writeSelfNamedSoon(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", MODE);
  try {
    await file.writeFile(`${format(await file.stat({ bigint: true }))}\n${text}`);
  } finally {
    await file.close();
  }
}

/**
 * Reads a file that names itself.
 *
 * @returns Its text, and whether it is the original file, rather than a copy or older content in
 *   its place. Undefined if there is no file, or the file has no name, as after its creation on a
 *   full disk.
 */
export function readSelfNamed(path: string): { readonly text: string; readonly isOwn: boolean } | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const [, name, text] = /^(\d+:\d+)\n(.*)$/s.exec(readFileSync(fd, "utf8")) ?? [];
    if (name === undefined || text === undefined) return undefined;
    return { text, isOwn: isSameFile(name, format(fstatSync(fd, { bigint: true }))) };
  } catch {
    return undefined; // Without this file, less is known.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Identifies a file and tells it from its copies: `INODE:BORN`, the inode and its birth time in
 * nanoseconds. A write, a move within a filesystem, a restart and a reboot change neither. A copy
 * has another inode, or a reused inode and another birth time.
 *
 * Device numbers are left out, because a reboot may change them.
 */
function format({ ino, birthtimeNs }: BigIntStats): string {
  keepsBirthTimes ??= areBirthTimesReal();
  return `${ino}:${keepsBirthTimes ? birthtimeNs : UNKNOWN}`;
}

/**
 * Tells whether birth times are real. Some runtimes and old kernels give the time of the last
 * change, which each write moves in all files. So one file with two different times proves that
 * birth times are real.
 */
function areBirthTimesReal(): boolean {
  return ["/proc/self", process.execPath, fileURLToPath(import.meta.url)].some((path) => {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats !== undefined && stats.birthtimeNs !== stats.ctimeNs;
  });
}
