import { Socket } from "node:net";

/** Connections that Node's HTTP/2 reads and writes past the socket. */
const TAKEN = new WeakSet<Socket>();

/** A connection has become one of HTTP/2. It is never reset, but closed in order. */
export function becomeHttp2(socket: Socket): void {
  closeAtOnce(socket);
  TAKEN.add(socket);
}

/**
 * Cuts a connection with a reset. Otherwise the kernel keeps the bytes that the peer has not taken,
 * megabytes for minutes, and goes on offering them. A TLS connection is closed in order, because a
 * reset beneath it ends some versions of Node.
 */
export function cutSocket(socket: Socket): void {
  closeAtOnce(socket);
  if (canBeReset(socket)) socket.resetAndDestroy();
  else socket.destroy();
}

/**
 * Bytes that may stay in the kernel after a connection's end: less than the answers to a few
 * requests.
 */
export const SMALL_BYTES = 4096;

/**
 * Ends the connection of a peer that has left. With a reset, unless the kernel can hold only few
 * bytes.
 */
export function partFrom(socket: Socket): void {
  if (socket.bytesWritten > SMALL_BYTES) cutSocket(socket);
  else socket.destroy();
}

/** Replaces a socket's `destroy()`, for calls by Node as well as by the hub. */
export function closeLater(socket: Socket, destroy: (this: Socket, error?: Error) => Socket): void {
  socket.destroy = destroy;
}

/** Undoes {@link closeLater}. */
export function closeAtOnce(socket: Socket): void {
  Reflect.deleteProperty(socket, "destroy");
}

/**
 * Whether a reset is possible. A reset throws for anything but a TCP socket. While the end of the
 * stream is on its way to the kernel, a reset fails and leaves the socket open.
 */
function canBeReset(socket: Socket): boolean {
  const { writableEnded, writableFinished, writableLength } = socket;
  const isShuttingDown = writableEnded && !writableFinished && writableLength === 0;
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly reset?: unknown } | null };
  return (
    socket instanceof Socket &&
    !("encrypted" in socket) &&
    !TAKEN.has(socket) &&
    typeof handle?.reset === "function" &&
    !isShuttingDown &&
    !socket.destroyed
  );
}
