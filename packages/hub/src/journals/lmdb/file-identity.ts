import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Stands for a time of birth that is not known. */
const UNKNOWN = "0";
const MODE = 0o600;
let keepsBirthTimes: boolean | undefined;

/**
 * Tells a file from its copies: `INODE:BORN`, the inode and its time of birth in nanoseconds. A write, a move within a filesystem, a restart and a reboot leave
 * both as they are. A copy has another inode, or the number of one that is gone and another time.
 *
 * Device numbers are left out, since a reboot may change them.
 *
 * @throws Error when there is no such file.
 */
export function identityOf(path: string): string {
  return format(statSync(path, { bigint: true }));
}

/** Whether two identities are of one file. A time of birth that is not known fits any. */
export function isSameFile(a: string, b: string): boolean {
  const [inodeA, bornA] = a.split(":");
  const [inodeB, bornB] = b.split(":");
  return inodeA === inodeB && (bornA === bornB || bornA === UNKNOWN || bornB === UNKNOWN);
}

/** Makes a file that names itself: its identity, a line end, and a text. @throws Error when it exists, or can't be written. */
export function writeSelfNamed(path: string, text: string): void {
  const fd = openSync(path, "wx", MODE);
  try {
    writeFileSync(fd, `${format(fstatSync(fd, { bigint: true }))}\n${text}`);
  } finally {
    closeSync(fd);
  }
}

/** The same without holding up the process: a disk that is behind may take its time to make a file. */
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
 * @returns Its text, and whether it is the file that was made, rather than a copy or an older one's content in its place. Undefined when there is none, or it says
 * nothing, as when it was made on a full disk.
 */
export function readSelfNamed(path: string): { readonly text: string; readonly isOwn: boolean } | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const [, name, text] = /^(\d+:\d+)\n(.*)$/s.exec(readFileSync(fd, "utf8")) ?? [];
    if (name === undefined || text === undefined) return undefined;
    return { text, isOwn: isSameFile(name, format(fstatSync(fd, { bigint: true }))) };
  } catch {
    return undefined; // Without it, less is known.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function format({ ino, birthtimeNs }: BigIntStats): string {
  keepsBirthTimes ??= areBirthTimesReal();
  return `${ino}:${keepsBirthTimes ? birthtimeNs : UNKNOWN}`;
}

/** Some runtimes and old kernels give the time of the last change in place of the birth, which each write moves: in all files, so that one where they differ clears them. */
function areBirthTimesReal(): boolean {
  return ["/proc/self", process.execPath, fileURLToPath(import.meta.url)].some((path) => {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats !== undefined && stats.birthtimeNs !== stats.ctimeNs;
  });
}
