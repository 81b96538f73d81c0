import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** How a proxy treats one connection. Without any of these it passes bytes on. */
export interface Fate {
  /** Bytes of the answers after which the connection is cut. */
  readonly cutAfter?: number;
  /** Bytes of the answers after which nothing more comes, while the connection stays open. */
  readonly stallAfter?: number;
  /** Whether each byte of the answers is in a separate packet. */
  readonly splits?: boolean;
  /** Whether answers are held back until the server ends them. An answer without an end never comes. */
  readonly buffers?: boolean;
  /** Whether the connection is cut instead of the first answer, which the server has given. */
  readonly losesAnswer?: boolean;
  /** An answer of the proxy's own, which no server sees. */
  readonly answer?: string;
}

/** A proxy between a client and a hub. */
export interface HostileProxy {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Connections so far. */
  readonly connections: number;
  /** Connections that were cut so far. */
  readonly cuts: number;
  /** Cuts all connections of now. */
  cut(): void;
  close(): void;
}

/** An answer with a body, after which the connection is closed. */
export function answerOf(status: string, body = "", ...headers: readonly string[]): string {
  const length = status.startsWith("204") ? [] : [`Content-Length: ${body.length}`];
  return [`HTTP/1.1 ${status}`, ...headers, ...length, "Connection: close", "", body].join("\r\n");
}

/**
 * Starts a proxy.
 *
 * @param fateOf - The fate of each connection, counted from 0, by the head of its first request.
 */
export async function startHostileProxy(upstream: string, fateOf: (connection: number, head: string) => Fate): Promise<HostileProxy> {
  const target = Number(new URL(upstream).port);
  const sockets = new Set<Socket>();
  let connections = 0;
  let cuts = 0;

  function hold(socket: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  }

  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }

  async function pass(client: Socket): Promise<void> {
    const [first] = (await once(client, "data")) as [Buffer];
    const {
      cutAfter = Infinity,
      stallAfter = Infinity,
      splits,
      buffers,
      losesAnswer,
      answer,
    } = fateOf(connections++, first.toString("latin1"));
    if (answer !== undefined) return void client.end(answer);
    const server = connect(target, "127.0.0.1");
    hold(server);
    server.write(first);
    client.on("data", (bytes) => server.write(bytes));
    client.on("close", () => server.destroy());
    server.on("close", () => client.end());
    let count = 0;
    let held: Buffer[] = [];
    server.on("data", (bytes: Buffer) => {
      const room = Math.min(cutAfter, stallAfter) - count;
      count += bytes.length;
      if (buffers === true) {
        held.push(bytes);
        // The end of chunks, or a length that is there.
        const text = Buffer.concat(held).toString("latin1");
        const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1];
        if (length === undefined ? !text.endsWith("\r\n0\r\n\r\n") : text.length - text.indexOf("\r\n\r\n") - 4 < Number(length)) return;
        client.write(Buffer.concat(held));
        held = [];
        return;
      }
      const passed = room < bytes.length ? bytes.subarray(0, Math.max(0, room)) : bytes;
      if (losesAnswer !== true)
        for (const part of splits === true ? Array.from(passed, (byte) => Uint8Array.of(byte)) : [passed]) client.write(part);
      if (losesAnswer === true || count >= cutAfter) {
        cuts += 1;
        // What was written before is sent, unlike after `resetAndDestroy`.
        client.destroySoon();
        server.destroy();
      }
    });
  }

  const server = createServer((socket) => {
    hold(socket);
    pass(socket).catch(() => undefined);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    get cuts() {
      return cuts;
    },
    cut,
    close() {
      server.close();
      cut();
    },
  };
}
