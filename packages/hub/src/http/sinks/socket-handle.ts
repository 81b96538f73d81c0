import type { Socket } from "node:net";

/** A write on Node's native side that the kernel did not take at once. */
interface WriteRequest {
  /** Called when the kernel took the bytes, with 0, or with a negative error number. */
  oncomplete?: (status: number) => void;
  /** Protects the bytes from garbage collection until then. */
  buffer?: Uint8Array;
  /** @returns A positive number while the write is under way. */
  getAsyncId?: () => number;
  /** Status of a write that completed before `oncomplete` was set. Node 24.22 and later. */
  writeStatus?: number | null;
}

/**
 * The parts of a socket's native side that are used here. Undocumented, so `socket-probe.ts` tests
 * them before use.
 */
interface SocketHandle {
  /**
   * Writes bytes. Up to Node 24.21 the caller makes the request. From 24.22 on the caller passes
   * null, and gets a request only if one is needed.
   *
   * @returns 0, a negative error number, or a request that is under way.
   */
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): number | WriteRequest;
  /** Written bytes that the kernel did not take yet. */
  readonly writeQueueSize: number;
}

/** The owner of a write. */
export interface Writer {
  /** The kernel took all written bytes. Never called if the socket ends first. */
  drained(): void;
}

/**
 * Writes to a socket's native side.
 *
 * @returns Whether the kernel took the bytes at once, or never will because the socket is
 *   destroyed.
 */
type WriteToHandle = (socket: Socket, handle: SocketHandle, bytes: Uint8Array, writer: Writer) => boolean;

/**
 * Native side of a socket. Undefined with TLS, on runtimes without one, and after the socket is
 * destroyed.
 */
function handleOf(socket: Socket): SocketHandle | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Partial<SocketHandle> | null };
  const isKnown = typeof handle?.writeBuffer === "function" && typeof handle.writeQueueSize === "number";
  return isKnown && !("encrypted" in socket) ? (handle as SocketHandle) : undefined;
}

/**
 * Counts the bytes given to a socket and not taken by the kernel yet, as exactly as the runtime
 * tells.
 */
export function pendingBytes(socket: Socket): number {
  // The socket's own count has only whole writes, the native one their remaining bytes.
  return handleOf(socket)?.writeQueueSize ?? socket.writableLength;
}

/**
 * Writes to sockets past Node's stream. The stream's queue and callbacks cost a third of the
 * kernel's work, and nothing here is ever written to a full socket.
 */
export class HandleWriter {
  /** How Node's native side is called: with a `request` of the caller's, or `direct`ly. */
  readonly way: "request" | "direct";
  /**
   * Writes to the result of {@link freeHandle}. If it returns false, the writer is told when the
   * kernel has taken the bytes.
   */
  readonly write: WriteToHandle;

  private constructor(way: "request" | "direct", write: WriteToHandle) {
    this.way = way;
    this.write = write;
  }

  /**
   * Learns how this Node writes, from one write that Node makes itself.
   *
   * @param socket - An open socket with nothing left to write.
   * @returns Undefined if the socket has no native side of a known kind.
   */
  static learn(socket: Socket, bytes: Uint8Array): HandleWriter | undefined {
    const handle = handleOf(socket);
    let request: WriteRequest | null | undefined;
    if (handle !== undefined) {
      handle.writeBuffer = (given, given2) => {
        request = given;
        // Restores the prototype's method.
        Reflect.deleteProperty(handle, "writeBuffer");
        return handle.writeBuffer(given, given2);
      };
    }
    socket.write(bytes);
    if (request === undefined) return undefined;
    if (request === null) return new HandleWriter("direct", writeDirectly);
    // The class of requests has no public name.
    return new HandleWriter("request", withRequests(request.constructor as new () => WriteRequest));
  }

  /**
   * Whether the socket's native side is of the known kind, which is not so with TLS. Checked once a
   * socket, because a look at native members costs as much as a write.
   */
  fits(socket: Socket): boolean {
    return handleOf(socket) !== undefined;
  }
}

/**
 * Native side of a socket that {@link HandleWriter.fits}, if the socket is open and Node has
 * nothing left to write. Only then may bytes go past the stream.
 */
export function freeHandle(socket: Socket): SocketHandle | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: SocketHandle | null };
  return handle !== null && handle !== undefined && socket.writableLength === 0 ? handle : undefined;
}

function writeDirectly(socket: Socket, handle: SocketHandle, bytes: Uint8Array, writer: Writer): boolean {
  const result = handle.writeBuffer(null, bytes);
  if (result === 0) return true;
  if (typeof result === "number") {
    socket.destroy();
    return true;
  }
  const { writeStatus } = result;
  if (typeof writeStatus !== "number") {
    awaitCompletion(socket, result, bytes, writer);
    return false;
  }
  result.writeStatus = null;
  if (writeStatus < 0) socket.destroy();
  return true;
}

function withRequests(Request: new () => WriteRequest): WriteToHandle {
  /** One request serves every write that the kernel takes at once. */
  let spare: WriteRequest | undefined;
  return (socket, handle, bytes, writer) => {
    const request = (spare ??= new Request());
    if (handle.writeBuffer(request, bytes) !== 0) {
      spare = undefined;
      socket.destroy();
      return true;
    }
    if (handle.writeQueueSize === 0) {
      // If the peer reads just now, a second attempt may have written the rest of the first at
      // once. Then the request comes back later, and an earlier reuse would end the process.
      if (request.getAsyncId === undefined || request.getAsyncId() > 0) spare = undefined;
      return true;
    }
    spare = undefined;
    awaitCompletion(socket, request, bytes, writer);
    return false;
  };
}

function awaitCompletion(socket: Socket, request: WriteRequest, bytes: Uint8Array, writer: Writer): void {
  request.buffer = bytes;
  request.oncomplete = (status) => {
    if (status === 0) writer.drained();
    else socket.destroy();
  };
}
