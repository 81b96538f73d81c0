import { Socket } from "node:net";

/**
 * Cuts a connection with a reset. Otherwise the kernel keeps what the peer has not taken, megabytes for minutes, and goes on offering it. With TLS the
 * connection is closed in order: a reset beneath it ends some versions of Node.
 */
export function cutSocket(socket: Socket): void {
  closeAtOnce(socket);
  if (canBeReset(socket)) socket.resetAndDestroy();
  else socket.destroy();
}

/** Bytes that may stay in the kernel after a connection's end: less than the answers to a few requests. */
export const SMALL_BYTES = 4096;

/** Ends the connection of a peer that has left. A reset, unless the kernel can hold nothing that is worth one. */
export function partFrom(socket: Socket): void {
  if (socket.bytesWritten > SMALL_BYTES) cutSocket(socket);
  else socket.destroy();
}

/** Has another function be called in place of a socket's `destroy()`, by Node as well as here. */
export function closeLater(socket: Socket, destroy: (this: Socket, error?: Error) => Socket): void {
  socket.destroy = destroy;
}

/** Undoes {@link closeLater}. */
export function closeAtOnce(socket: Socket): void {
  Reflect.deleteProperty(socket, "destroy");
}

/** A reset throws for what is no TCP socket. While the end of the stream is on its way to the kernel, a reset fails, and leaves the socket open. */
function canBeReset(socket: Socket): boolean {
  const { writableEnded, writableFinished, writableLength } = socket;
  const isShuttingDown = writableEnded && !writableFinished && writableLength === 0;
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly reset?: unknown } | null };
  return (
    socket instanceof Socket && !("encrypted" in socket) && typeof handle?.reset === "function" && !isShuttingDown && !socket.destroyed
  );
}
