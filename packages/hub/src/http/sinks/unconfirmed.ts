import { open } from "node:fs/promises";
import { fstatSync } from "node:fs";
import type { Socket } from "node:net";

/** Tables of the TCP sockets of this network namespace, which Linux may show to every user. */
const TABLES = ["/proc/self/net/tcp", "/proc/self/net/tcp6"] as const;
const READ_BYTES = 64 * 1024;
/**
 * Unconfirmed bytes and the inode of a socket that has any: `sl local remote st tx_queue:rx_queue
 * tr:when retrnsmt uid timeout inode`.
 */
const ROW = /^ *\d+: \S+ \S+ \S+ (?!00000000:)([\dA-F]{8}):\S+ \S+ \S+ +\d+ +\d+ (\d+) /;

/** By inode. Undefined if there is no table. */
type Unconfirmed = ReadonlyMap<number, number> | undefined;

/** The current or latest reading. */
let reading: Promise<Unconfirmed> = Promise.resolve(undefined);
/** The reading that begins after the current one. */
let next: Promise<Unconfirmed> | undefined;

/**
 * Counts the bytes of a socket that are in the kernel and not confirmed by the peer. A slow peer
 * lowers this number long before the kernel takes more bytes, which it does only after a third of
 * its buffer is free.
 *
 * @returns Undefined if the system does not tell.
 */
export async function unconfirmedBytes(socket: Socket): Promise<number | undefined> {
  const inode = inodeOf(socket);
  if (inode === undefined) return undefined;
  const found = await readNext();
  return found && (found.get(inode) ?? 0);
}

/**
 * Joins the next reading, which all callers share that ask during a reading. The current one may
 * have passed a socket before its bytes came. A table of many sockets takes milliseconds.
 */
function readNext(): Promise<Unconfirmed> {
  next ??= reading = reading.then(() => {
    next = undefined;
    return readTables();
  });
  return next;
}

function inodeOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: unknown } | null };
  const fd = handle?.fd;
  if (process.platform !== "linux" || typeof fd !== "number" || fd < 0) return undefined;
  try {
    return fstatSync(fd).ino;
  } catch {
    // The socket was closed just now.
    return undefined;
  }
}

async function readTables(): Promise<Unconfirmed> {
  const found = new Map<number, number>();
  let tables = 0;
  for (const table of TABLES) {
    try {
      await readTable(table, found);
      tables++;
    } catch {
      // The system has no such table, or does not let it be read.
    }
  }
  return tables === 0 ? undefined : found;
}

async function readTable(table: string, found: Map<number, number>): Promise<void> {
  const file = await open(table);
  try {
    const buffer = Buffer.alloc(READ_BYTES);
    let rest = "";
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      const rows = (rest + buffer.toString("latin1", 0, bytesRead)).split("\n");
      rest = rows.pop() ?? "";
      for (const row of rows) {
        const [, bytes, inode] = ROW.exec(row) ?? [];
        if (bytes !== undefined) found.set(Number(inode), Number.parseInt(bytes, 16));
      }
    }
  } finally {
    await file.close();
  }
}
