import type { Socket } from "node:net";

/** A socket with the plain one that TLS goes over. Not documented, so it is tested before use. */
interface Wrapped {
  readonly _handle?: { readonly _parentWrap?: unknown } | null;
}

/**
 * Cuts a connection with a reset. Otherwise the kernel keeps what the peer has not taken, megabytes for minutes, and goes on offering it.
 */
export function cutSocket(socket: Socket): void {
  if (socket.destroyed) return;
  const plain = plainSocket(socket);
  if (plain !== undefined && !isShuttingDown(plain)) {
    // Node's TLS would report the reset as an error of its own.
    if (plain !== socket) socket.on("error", ignoreError);
    plain.resetAndDestroy();
  }
  socket.destroy();
}

/** The TCP socket that this is, or goes over; undefined for another kind, which can't be reset. */
function plainSocket(socket: Socket): Socket | undefined {
  const plain = "encrypted" in socket ? (socket as unknown as Wrapped)._handle?._parentWrap : socket;
  const { _handle: handle } = (plain ?? {}) as { readonly _handle?: { readonly reset?: unknown } | null };
  return typeof handle?.reset === "function" ? (plain as Socket) : undefined;
}

/** Whether the end of the stream is just on its way to the kernel. A reset fails then, and leaves the socket open. */
function isShuttingDown({ writableEnded, writableFinished, writableLength }: Socket): boolean {
  return writableEnded && !writableFinished && writableLength === 0;
}

function ignoreError(): void {
  // The socket is being destroyed.
}
