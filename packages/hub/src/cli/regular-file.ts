import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** The path names a pipe, a device or a directory. */
export class NotRegularFileError extends Error {
  override readonly name = "NotRegularFileError";
}

/** Content and permission bits of a file. */
export interface RegularFile {
  readonly bytes: Buffer;
  readonly mode: number;
}

/**
 * Reads settings or keys. A pipe is refused, because a read without a writer blocks the event loop
 * of a running server.
 *
 * @throws NotRegularFileError for a pipe, a device or a directory.
 * @throws Error of the system, with a `code`, if the file can't be read.
 */
export function readRegularFile(path: string): RegularFile {
  // With the flag, a pipe without a writer is opened at once.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new NotRegularFileError(`${path} is no regular file.`);
    return { bytes: readFileSync(descriptor), mode: stats.mode & 0o7777 };
  } finally {
    closeSync(descriptor);
  }
}
