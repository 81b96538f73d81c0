import { Socket } from "node:net";

/**
 * Cuts a connection with a reset. Otherwise the kernel keeps what the peer has not taken, megabytes for minutes, and goes on offering it. With TLS the
 * connection is closed in order: a reset beneath it ends some versions of Node.
 */
export function cutSocket(socket: Socket): void {
  if (canBeReset(socket)) socket.resetAndDestroy();
  else socket.destroy();
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
