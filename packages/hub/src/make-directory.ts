import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a directory and its missing parents, for this user alone.
 *
 * Node's own `recursive` never returns if an existing parent accepts no directory, as in `/proc`.
 * Node takes each ENOENT for a missing parent.
 *
 * @param path - Nothing happens if there is a directory already. Its rights stay.
 * @throws Error of the system, with its code, if a directory can't be made.
 */
export function makeDirectory(path: string): void {
  const directory = resolve(path);
  try {
    make(directory);
  } catch (error) {
    const parent = dirname(directory);
    if (codeOf(error) !== "ENOENT" || parent === directory) throw error;
    makeDirectory(parent);
    make(directory);
  }
}

function make(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // The error for an existing directory depends on the system, and on whether the disk can be
    // written.
    if (codeOf(error) === "ENOENT" || !isDirectory(directory)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, "code") : undefined;
}
