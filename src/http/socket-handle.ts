import type { Socket } from "node:net";

/** A write that the kernel did not take at once, to Node's native side. */
interface WriteRequest {
  /** Called when it was taken, with 0, or with a negative error number. */
  oncomplete?: (status: number) => void;
  /** Keeps the bytes from being collected until then. */
  buffer?: Uint8Array;
  /** @returns A positive number while it is under way. */
  getAsyncId?: () => number;
}

/** The parts of a socket's native side that are used here. Not documented, so they are looked for before use. */
interface SocketHandle {
  /** @returns 0, or a negative error number. */
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  /** Bytes that were written and that the kernel did not take yet. */
  readonly writeQueueSize: number;
}

/** Whoever wrote more than the kernel took at once. */
interface Writer {
  /** It has taken all of it. Not called where the socket ends before. */
  drained(): void;
}

/** Node's class of write requests has no public name: it is learnt from one that Node makes. */
let Request: (new () => WriteRequest) | undefined;
/** One serves every write that the kernel takes at once. */
let spare: WriteRequest | undefined;

/** The native side of a socket; undefined with TLS, where the runtime has none of the kind, and once the socket is destroyed. */
function handleOf(socket: Socket): SocketHandle | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Partial<SocketHandle> | null };
  const isKnown = typeof handle?.writeBuffer === "function" && typeof handle.writeQueueSize === "number";
  return isKnown && !("encrypted" in socket) ? (handle as SocketHandle) : undefined;
}

/** Bytes that were given to a socket and not taken by the kernel yet, as exactly as the runtime tells. */
export function pendingBytes(socket: Socket): number {
  // The socket's own count is of whole writes, the native one of what is left of them.
  return handleOf(socket)?.writeQueueSize ?? socket.writableLength;
}

/**
 * Writes the first bytes of a stream.
 *
 * @returns Whether {@link writeToHandle} may be used for those that follow.
 */
export function writeFirst(socket: Socket, bytes: Uint8Array): boolean {
  const handle = handleOf(socket);
  if (handle !== undefined && Request === undefined) learnRequest(handle);
  socket.write(bytes);
  return handle !== undefined && Request !== undefined;
}

/**
 * Writes to the native side of a socket, past the stream that Node makes of it, which costs a third of what the kernel does: its queue and its callbacks are
 * not needed where nothing is written to a full socket. Only while that stream has nothing left to write.
 *
 * @returns Whether the kernel took them at once, or never will: then the socket is destroyed.
 */
export function writeToHandle(socket: Socket, bytes: Uint8Array, writer: Writer): boolean {
  const { _handle: handle } = socket as unknown as { readonly _handle: SocketHandle };
  const request = (spare ??= new (Request as new () => WriteRequest)());
  if (handle.writeBuffer(request, bytes) !== 0) {
    spare = undefined;
    socket.destroy();
    return true;
  }
  if (handle.writeQueueSize === 0) {
    // What a first attempt left, a second one may have written at once, to a peer that reads just now. Then the request comes back later, and to use it before
    // that is the end of the process.
    if (request.getAsyncId === undefined || request.getAsyncId() > 0) spare = undefined;
    return true;
  }
  spare = undefined;
  request.buffer = bytes;
  request.oncomplete = (status) => {
    if (status === 0) writer.drained();
    else socket.destroy();
  };
  return false;
}

function learnRequest(handle: SocketHandle): void {
  handle.writeBuffer = (request, bytes) => {
    Request = request.constructor as new () => WriteRequest;
    // From here on it is the prototype's again.
    Reflect.deleteProperty(handle, "writeBuffer");
    return handle.writeBuffer(request, bytes);
  };
}
