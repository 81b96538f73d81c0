import { createHash } from "node:crypto";
import { open, readdir, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { TemporaryError } from "../errors.ts";
import { SourceError } from "../source.ts";

/** A position in a file. */
export interface Position {
  /** Device and inode. */
  readonly file: string;
  /** Bytes up to the end of the last published line. */
  readonly offset: number;
  /**
   * A hash of the file's beginning and of the bytes before the offset. Only the content identifies
   * a file. A deleted file's inode is reused, and a truncated file may have grown past the offset
   * again.
   */
  readonly mark: string;
}

/** Bytes of each end that go into the mark. */
const MARK_BYTES = 256;

/** A file and the offset to read from. */
export interface Stage {
  readonly path: string;
  /**
   * Device and inode, because the name may belong to another file when it is opened. Undefined if
   * there was no file.
   */
  readonly file: string | undefined;
  readonly offset: number;
}

/** Opens a file for reading. Returns undefined if there is none. */
export async function openFile(path: string): Promise<FileHandle | undefined> {
  return await io(path, async () => {
    // The check comes before opening, because opening a pipe would wait for its writer.
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

/** Identity of the file under a name now, or undefined if there is none. */
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

/** Whether a file contains a position, as far as its content tells. */
export async function holds(path: string, handle: FileHandle, { offset, mark }: Position): Promise<boolean> {
  return (await statOf(path, handle)).size >= offset && (await markAt(path, handle, offset)) === mark;
}

/**
 * Finds the files to read after a position, the live file last. The position's file may have been
 * rotated away since, perhaps several times.
 *
 * @returns `found: false` if that file is gone. Then the live file is read from its beginning.
 */
export async function stagesAfter(
  path: string,
  position: Position,
): Promise<{ readonly found: boolean; readonly stages: readonly Stage[] }> {
  // Identified before the others are listed. A rotation meanwhile shows when the file is opened.
  const live = { path, file: await identityAt(path), offset: 0 };
  const candidates = [...(await rotatedFiles(path)).map((file) => ({ ...file, offset: 0 })), live];
  let last = -1;
  for (const [i, candidate] of candidates.entries()) {
    const handle = await openFile(candidate.path).catch(ifSkippable);
    if (handle === undefined) continue;
    try {
      const same = (await statOf(candidate.path, handle)).file === position.file;
      // A copy with the same content counts too, because `copytruncate` rotates that way.
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

/**
 * Rotated files, oldest first. Their names have a number or a date at the end, or before the
 * extension.
 */
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

/** Order of files of one instant. Numbers count up with age, dates go on with time. */
function byStamp(a: string, b: string): number {
  const [first, second] = [a, b].map((stamp) => Number(/^[._-]?(\d{1,4})$/.exec(stamp)?.[1]));
  if (first !== undefined && second !== undefined && !Number.isNaN(first - second)) return second - first;
  return a < b ? -1 : 1;
}

function ifSkippable(error: unknown): undefined {
  // A rotated file that can't be read is as good as gone. The next steps report that.
  if (error instanceof TemporaryError) return undefined;
  throw error;
}

/**
 * Runs work on a file.
 *
 * @returns Undefined if there is no file.
 * @throws TemporaryError for other failures, because rights and disks come back.
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
