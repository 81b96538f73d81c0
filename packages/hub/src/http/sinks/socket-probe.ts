import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import type { Logger } from "../../core/logger.ts";
import { takeSocket } from "./node-sinks.ts";
import { freeHandle, HandleWriter } from "./socket-handle.ts";

/** The private parts of Node that streams may use on this runtime. */
export interface SocketAccess {
  /**
   * Whether a stream takes its socket from Node's HTTP server. If not, it goes through the
   * response.
   */
  readonly takesSockets: boolean;
  /** Writes past the socket's stream. Undefined if that is not safe here. */
  readonly handleWriter: HandleWriter | undefined;
}

/** Attempts in order, with the longest wait for each, in milliseconds. */
const TRIES = [
  { writesToHandle: true, withinMs: 1000 },
  { writesToHandle: true, withinMs: 5000 },
  { writesToHandle: false, withinMs: 5000 },
] as const;

class TimeoutError extends Error {}

/**
 * Size of a write that the kernel cannot take at once, and the number of attempts. Linux buffers at
 * most 10 MB by default.
 */
const LARGE_BYTES = 16 * 1024 * 1024;
const LARGE_WRITES = 4;

const FIRST = Buffer.from("first");
const SMALL = Buffer.from("small");
const LAST = Buffer.from("last");
const ZEROS = Buffer.alloc(64 * 1024);

let access: Promise<SocketAccess> | undefined;
let settled: SocketAccess | undefined;

/** The result of {@link probeSockets}. Undefined until it is done. */
export function socketAccess(): SocketAccess | undefined {
  return settled;
}

/**
 * Tests the private parts of Node that make streams cheap: taking a socket from the HTTP server,
 * and writing to its native side. Tests once a process, over a loopback connection to itself. Parts
 * that misbehave are not used, and one log line says so.
 */
export function probeSockets(logger: Logger): Promise<SocketAccess> {
  access ??= probe(logger);
  return access;
}

async function probe(logger: Logger): Promise<SocketAccess> {
  const failures: unknown[] = [];
  for (const { writesToHandle, withinMs } of TRIES) {
    // A busy machine needs more time. Other misbehaviour does not change.
    if (failures.length > 0 && writesToHandle && !(failures.at(-1) instanceof TimeoutError)) continue;
    try {
      const handleWriter = await tryOut(writesToHandle, withinMs);
      settled = { takesSockets: true, handleWriter };
      break;
    } catch (error) {
      failures.push(error);
    }
  }
  settled ??= { takesSockets: false, handleWriter: undefined };
  const { takesSockets, handleWriter } = settled;
  if (handleWriter === undefined) {
    logger.warn(
      { err: failures[0], runtime: process.version, takesSockets },
      "this runtime's sockets differ from those the hub knows: streams work the ordinary way, and each delivery costs more",
    );
  }
  return settled;
}

/**
 * Takes a socket, writes more than the kernel takes, and compares the bytes at the other end.
 *
 * @throws Error that describes the difference.
 */
async function tryOut(writesToHandle: boolean, withinMs: number): Promise<HandleWriter | undefined> {
  const server = createServer();
  let client: Socket | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<HandleWriter | undefined>((resolve, reject) => {
      timer = setTimeout(() => reject(new TimeoutError(`A stream to itself was not complete after ${withinMs} ms.`)), withinMs);
      let expected: string | undefined;
      let writer: HandleWriter | undefined;
      const received = new Digest();
      server.on("error", reject);
      server.on("request", (req, res) => {
        try {
          // Another process may have found the port.
          if (req.socket.remotePort !== client?.localPort) {
            req.socket.destroy();
            return;
          }
          const socket = takeSocket(req, res);
          socket.on("error", reject);
          // Delayed, because a stream's updates also come after the socket is taken.
          setTimeout(() => {
            void writeAll(socket, writesToHandle)
              .then((written) => {
                ({ writer, expected } = written);
                return socket.destroySoon();
              })
              .catch(reject);
          }, 1);
        } catch (error) {
          reject(error);
        }
      });
      // Workers of a cluster share the others' ports, and would take each other's connections.
      server.listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => {
        // Received bytes share one buffer, so that little memory is touched.
        const onread = {
          buffer: Buffer.alloc(ZEROS.length),
          callback: (count: number, bytes: Uint8Array) => {
            // Further bytes of a stream's peer must be dropped, not parsed.
            if (received.isEmpty) client?.write("no request\r\n\r\n");
            received.add(bytes.subarray(0, count));
            return true;
          },
        };
        client = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", onread });
        client.on("error", reject);
        client.on("close", () => {
          if (expected !== undefined && received.toString() === expected) resolve(writer);
          else reject(new Error(`A stream to itself received ${received.toString()} instead of ${expected ?? "an answer"}.`));
        });
        client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      });
    });
  } finally {
    clearTimeout(timer);
    client?.destroy();
    server.closeAllConnections();
    server.close();
  }
}

/** @returns The writer to use from now on, and the bytes that the other end must have received. */
async function writeAll(
  socket: Socket,
  writesToHandle: boolean,
): Promise<{ readonly writer: HandleWriter | undefined; readonly expected: string }> {
  const sent = new Digest();
  const writeOrdinarily = (bytes: Uint8Array): void => {
    socket.write(bytes);
    sent.add(bytes);
  };
  if (!writesToHandle) {
    for (const bytes of [FIRST, SMALL, SMALL, LAST]) writeOrdinarily(bytes);
    return { writer: undefined, expected: sent.toString() };
  }
  const writer = HandleWriter.learn(socket, FIRST);
  if (writer === undefined) throw new Error("The writes of a socket to its native side were not seen.");
  sent.add(FIRST);
  /** @returns Whether the kernel took the bytes at once. Resolves when it has. */
  const write = async (bytes: Uint8Array): Promise<boolean> => {
    const handle = writer.fits(socket) ? freeHandle(socket) : undefined;
    if (handle === undefined) throw new Error("A socket with nothing left to write can't be written to.");
    sent.add(bytes);
    let isTaken = false;
    await new Promise<void>((resolve) => {
      isTaken = writer.write(socket, handle, bytes, { drained: resolve });
      if (isTaken) resolve();
    });
    return isTaken;
  };
  await write(SMALL);
  // All its pages are the system's zero page, so it takes no memory.
  const large = Buffer.alloc(LARGE_BYTES);
  let isTaken = true;
  for (let i = 0; i < LARGE_WRITES && isTaken; i++) isTaken = await write(large);
  if (isTaken) throw new Error(`The kernel took ${LARGE_WRITES * LARGE_BYTES} bytes at once.`);
  await write(SMALL);
  writeOrdinarily(LAST);
  return { writer, expected: sent.toString() };
}

/** Sums up bytes: their number, and the non-zero ones in order. */
class Digest {
  #bytes = 0;
  #text = "";

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    for (let start = 0; start < bytes.length; start += ZEROS.length) {
      const part = bytes.subarray(start, start + ZEROS.length);
      if (ZEROS.subarray(0, part.length).equals(part)) continue;
      this.#text += Buffer.from(part.filter((byte) => byte !== 0))
        .toString("latin1")
        .slice(0, 100);
    }
  }

  toString(): string {
    return `${this.#bytes} bytes: ${this.#text.slice(0, 200)}`;
  }
}
