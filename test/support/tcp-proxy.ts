import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Passes bytes on to a server, until it is told to stop: connections then stay open, and new ones are taken, but nothing goes through. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  #target: number;
  readonly #sockets = new Set<Socket>();
  #isBlackhole = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as { port: number }).port;
    server.on("connection", (socket) => this.#accept(socket));
  }

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = new TcpProxy(server, target);
    onTestFinished(() => proxy.#close());
    return proxy;
  }

  /** Connections of now stay stuck for good: whoever holds one has to find out. */
  blackhole(): void {
    this.#isBlackhole = true;
  }

  /** New connections go to another server, and those of now end. */
  retarget(target: number): void {
    this.#target = target;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** New connections go through. */
  open(): void {
    this.#isBlackhole = false;
  }

  #accept(socket: Socket): void {
    this.#hold(socket);
    if (this.#isBlackhole) return;
    const behind = connect(this.#target, "127.0.0.1");
    this.#hold(behind);
    let isStuck = false;
    const pass = (from: Socket, to: Socket): void => {
      from.on("data", (data) => {
        isStuck ||= this.#isBlackhole;
        if (!isStuck) to.write(data);
      });
      from.on("close", () => {
        if (!isStuck && !this.#isBlackhole) to.destroy();
      });
    };
    pass(socket, behind);
    pass(behind, socket);
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
