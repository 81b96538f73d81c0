import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../errors.ts";

const PREFIX = "artesian-workers-";
/** How long starting workers may take until they listen, in milliseconds. */
const STARTING_MS = 60_000;

/**
 * Longest path of a socket that all systems take, in bytes: 103 on macOS, 107 on Linux. Node
 * silently cuts a longer path off.
 */
const MAX_PATH_BYTES = 103;
/**
 * Length of a path after {@link socketRoot}: six characters of `mkdtemp`, and up to four digits for
 * a worker.
 */
const REST_BYTES = `/${PREFIX}XXXXXX/1234`.length;

/** The directory for temporary files, or `/tmp` if its path is too long for sockets in it. */
function socketRoot(): string {
  const root = tmpdir();
  return Buffer.byteLength(root) + REST_BYTES <= MAX_PATH_BYTES ? root : "/tmp";
}

/**
 * Makes a directory for the sockets of workers, which only this user may enter.
 *
 * @throws Failure when none can be made.
 */
export function makeSocketDirectory(): string {
  try {
    return mkdtempSync(join(socketRoot(), PREFIX));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(`Workers need a directory for their sockets (${reason}). Name one that can be written by TMPDIR.`, { cause: error });
  }
}

/** Removes the directory. Does nothing if it is gone already. */
export function removeSocketDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/**
 * Removes directories of this user's servers whose processes were all killed. No process listens
 * there any more.
 */
export async function removeStaleSocketDirectories(now: number = Date.now()): Promise<void> {
  const root = socketRoot();
  for (const name of namesIn(root)) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(root, name);
    try {
      // A link of another user is never followed.
      const found = lstatSync(directory);
      if (!found.isDirectory() || found.uid !== process.getuid?.() || now - found.mtimeMs < STARTING_MS) continue;
      const answers = await Promise.all(readdirSync(directory).map((place) => isListening(join(directory, place))));
      if (!answers.includes(true)) removeSocketDirectory(directory);
    } catch {
      // Another process removes the directory at the same time, or it is no directory of ours. It
      // is left alone.
    }
  }
}

/**
 * Lists a directory. Returns nothing for an unreadable directory, because making one in it reports
 * the reason.
 */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Whether a process may listen at a path. Only a refused connection proves that none does. */
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
