import { createHash } from "node:crypto";
import { open, readdir, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { TemporaryError } from "../errors.ts";
import { SourceError } from "../source.ts";

/** How far a file has been read. */
export interface Position {
  /** Device and inode. */
  readonly file: string;
  /** Bytes up to the end of the last line that was published. */
  readonly offset: number;
  /**
   * A hash of the file's beginning and of what is before the offset. An inode is given to another file once its own is
   * deleted, and a file that was cut may have grown past the offset again: only the content tells.
   */
  readonly mark: string;
}

/** How much of each end goes into the mark, in bytes. */
const MARK_BYTES = 256;

/** Where to go on reading. */
export interface Stage {
  readonly path: string;
  /** Device and inode: by the time that it is opened, the name may be another's. Undefined where there was nothing. */
  readonly file: string | undefined;
  readonly offset: number;
}

/** Opens a file for reading; undefined where there is none. */
export async function openFile(path: string): Promise<FileHandle | undefined> {
  return await io(path, async () => {
    // Looked at before it is opened: opening a pipe would wait for its writer.
    if (!(await stat(path)).isFile()) {
      throw new SourceError(`${path}: this is not a regular file. Pipe it into the standard input instead.`);
    }
    return await open(path, "r");
  });
}

/** Size and identity of an open file. */
export async function statOf(path: string, handle: FileHandle): Promise<{ readonly file: string; readonly size: number }> {
  const found = await io(path, () => handle.stat({ bigint: true }));
  return found === undefined ? { file: "", size: 0 } : { file: `${found.dev}:${found.ino}`, size: Number(found.size) };
}

/** Identity of what is under a name now; undefined where there is nothing. */
export async function identityAt(path: string): Promise<string | undefined> {
  const found = await io(path, () => stat(path, { bigint: true }));
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

/** The mark of a file at an offset. */
export async function markAt(path: string, handle: FileHandle, offset: number): Promise<string> {
  if (offset === 0) return "";
  const hash = createHash("sha256");
  const length = Math.min(MARK_BYTES, offset);
  for (const start of [0, offset - length]) {
    const read = await io(path, () => handle.read(Buffer.alloc(length), 0, length, start));
    hash.update(read === undefined ? "" : read.buffer.subarray(0, read.bytesRead));
  }
  return hash.digest("base64url").slice(0, 22);
}

/** Whether a file is the one that a position is in, as far as its content tells. */
export async function holds(path: string, handle: FileHandle, { offset, mark }: Position): Promise<boolean> {
  return (await statOf(path, handle)).size >= offset && (await markAt(path, handle, offset)) === mark;
}

/**
 * Finds what is to be read after a position, the file itself last: the file that the position is in may have been rotated
 * away since, perhaps several times.
 *
 * @returns `found: false` where that file is gone; then the file is read from its beginning.
 */
export async function stagesAfter(
  path: string,
  position: Position,
): Promise<{ readonly found: boolean; readonly stages: readonly Stage[] }> {
  // Before the others are listed: if it is rotated away meanwhile, that shows when it is opened.
  const live = { path, file: await identityAt(path), offset: 0 };
  const candidates = [...(await rotatedFiles(path)).map((file) => ({ ...file, offset: 0 })), live];
  let last = -1;
  for (const [i, candidate] of candidates.entries()) {
    const handle = await openFile(candidate.path).catch(ifSkippable);
    if (handle === undefined) continue;
    try {
      const same = (await statOf(candidate.path, handle)).file === position.file;
      // A copy with the same content counts too: that is how `copytruncate` rotates.
      if (!(await holds(candidate.path, handle, position)) || (position.offset === 0 && !same)) continue;
      last = i;
      if (same) break;
    } finally {
      await handle.close();
    }
  }
  const first = candidates[last];
  if (first === undefined) return { found: false, stages: [live] };
  return { found: true, stages: [{ ...first, offset: position.offset }, ...candidates.slice(last + 1)] };
}

/** Files that were rotated away, oldest first: the name with a number or a date at its end, or before its extension. */
async function rotatedFiles(path: string): Promise<readonly { readonly path: string; readonly file: string }[]> {
  const name = basename(path);
  const extension = extname(name);
  const stem = extension === "" ? name : name.slice(0, -extension.length);
  const names = (await io(path, () => readdir(dirname(path)))) ?? [];
  const files: { readonly path: string; readonly file: string; readonly modified: bigint; readonly stamp: string }[] = [];
  for (const other of names) {
    const stamp = other.startsWith(name)
      ? other.slice(name.length)
      : other.startsWith(stem) && other.endsWith(extension)
        ? other.slice(stem.length, other.length - extension.length)
        : "";
    if (!/^[._-]?\d[\dT_.:-]*$/.test(stamp)) continue;
    const candidate = join(dirname(path), other);
    const found = await io(candidate, () => stat(candidate, { bigint: true }));
    if (found?.isFile() !== true) continue;
    files.push({ path: candidate, file: `${found.dev}:${found.ino}`, modified: found.mtimeNs, stamp });
  }
  return files.toSorted((a, b) => Number(a.modified - b.modified) || byStamp(a.stamp, b.stamp));
}

/** Of files of one instant: numbers count up with age, dates go on with time. */
function byStamp(a: string, b: string): number {
  const [first, second] = [a, b].map((stamp) => Number(/^[._-]?(\d{1,4})$/.exec(stamp)?.[1]));
  if (first !== undefined && second !== undefined && !Number.isNaN(first - second)) return second - first;
  return a < b ? -1 : 1;
}

function ifSkippable(error: unknown): undefined {
  // A rotated file that can't be read is as good as gone; what follows tells.
  if (error instanceof TemporaryError) return undefined;
  throw error;
}

/**
 * Does something with a file.
 *
 * @returns Undefined where there is no such file.
 * @throws TemporaryError for other failures: rights and disks come back.
 */
export async function io<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SourceError) throw error;
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    if (code === "ENOENT") return undefined;
    throw new TemporaryError(`${path}: the file cannot be read (${typeof code === "string" ? code : String(error)}).`, { cause: error });
  }
}
