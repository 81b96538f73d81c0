import { fdatasync, ftruncate, write, writeSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { deposed } from "./failure.ts";

const writeSoon = promisify(write);

/** The operations on the active segment. Tests replace them, to make them fail. */
export interface FileOperations {
  /** Writes all bytes into the page cache. @throws Error of the system. */
  write(fd: number, bytes: Uint8Array, position: number): void;
  /** Writes bytes that no append waits for. */
  fill(fd: number, bytes: Uint8Array, position: number): Promise<void>;
  /** Waits until the written bytes are on the disk. */
  flush(fd: number): Promise<void>;
  truncate(fd: number, length: number): Promise<void>;
}

export const realFiles: FileOperations = {
  write(fd, bytes, position) {
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  },
  fill: async (fd, bytes, position) => void (await writeSoon(fd, bytes, 0, bytes.length, position)),
  flush: promisify(fdatasync),
  truncate: promisify(ftruncate),
};

/**
 * Limits the operations to a process that is still the writer.
 *
 * @param isDeposed - Whether another process may write. Default: never.
 */
export function claimedFiles(files: FileOperations, isDeposed: () => boolean = () => false): FileOperations {
  const check = (): void => {
    if (isDeposed()) throw deposed();
  };
  return {
    write(fd, bytes, position) {
      check();
      files.write(fd, bytes, position);
    },
    // The next writer reads the files after it has taken the claim. So it has all bytes that were flushed before this check.
    flush: (fd) => files.flush(fd).then(check),
    async fill(fd, bytes, position) {
      check();
      await files.fill(fd, bytes, position);
    },
    async truncate(fd, length) {
      check();
      await files.truncate(fd, length);
    },
  };
}

/** Readable and writable by this user alone, as updates may be private. */
export const FILE_MODE = 0o600;

/** Waits until the names in a directory are on the disk. */
export async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file in place of any other, so that a crash leaves either of them whole.
 *
 * @param parts - Each is written before the next one is taken.
 */
export async function replaceFile(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const fresh = `${path}.new`;
  try {
    const handle = await open(fresh, "w", FILE_MODE);
    try {
      for (const part of parts) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw error;
  }
  await flushDirectory(dirname(path));
}
