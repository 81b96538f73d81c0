import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../errors.ts";

const PREFIX = "artesian-workers-";
/** Workers of a server that starts may take this long until they listen, in milliseconds. */
const STARTING_MS = 60_000;

/** Longest path of a socket that all systems take, in bytes: 103 on macOS, 107 on Linux. Node cuts a longer one off without a word. */
const MAX_PATH_BYTES = 103;
/** The rest of a path after {@link socketRoot}: six characters that `mkdtemp` adds, and up to four digits for a worker. */
const REST_BYTES = `/${PREFIX}XXXXXX/1234`.length;

/** The directory for temporary files, or `/tmp` if its path is too long for sockets in it. */
function socketRoot(): string {
  const root = tmpdir();
  return Buffer.byteLength(root) + REST_BYTES <= MAX_PATH_BYTES ? root : "/tmp";
}

/**
 * Makes a directory for the sockets of workers, which only this user may enter.
 *
 * @throws Failure where none can be made.
 */
export function makeSocketDirectory(): string {
  try {
    return mkdtempSync(join(socketRoot(), PREFIX));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(`Workers need a directory for their sockets (${reason}). Name one that can be written by TMPDIR.`, { cause: error });
  }
}

/** Removes it. It may be called when it is gone already. */
export function removeSocketDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** Removes the directories that servers of this user left when all their processes were killed: nobody listens there any more. */
export async function removeStaleSocketDirectories(now: number = Date.now()): Promise<void> {
  const root = socketRoot();
  for (const name of namesIn(root)) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(root, name);
    try {
      // Never what a link of another user points to.
      const found = lstatSync(directory);
      if (!found.isDirectory() || found.uid !== process.getuid?.() || now - found.mtimeMs < STARTING_MS) continue;
      const answers = await Promise.all(readdirSync(directory).map((place) => isListening(join(directory, place))));
      if (!answers.includes(true)) removeSocketDirectory(directory);
    } catch {
      // Somebody else removes it at the same time, or it is not what it looks like: it is left as it is.
    }
  }
}

/** Nothing for a directory that can't be read: making one in it says why. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Whether a process may listen at a path. Only a refused connection says that none does. */
async function isListening(path: string): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED"));
  });
}
