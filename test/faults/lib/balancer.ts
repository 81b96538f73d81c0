import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { Random } from "../../support/random.ts";

/** Hands each connection to any of some ports that takes it, as a load balancer does: whoever comes back is somewhere else. */
export class Balancer {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async create(ports: readonly number[], random: Random): Promise<Balancer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const balancer = new Balancer(server);
    server.on("connection", (socket) => balancer.#take(socket, shuffled(ports, random)));
    return balancer;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** @param ports - To be tried, in this order. */
  #take(client: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) {
      client.destroy();
      return;
    }
    this.#keep(client);
    const hub = connect(port, "127.0.0.1");
    const next = (): void => this.#take(client, others);
    hub.once("error", next);
    hub.once("connect", () => {
      hub.off("error", next);
      this.#keep(hub);
      client.pipe(hub);
      hub.pipe(client);
      client.once("close", () => hub.destroy());
      hub.once("close", () => client.destroy());
    });
  }

  #keep(socket: Socket): void {
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    // Its end follows.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

function shuffled(ports: readonly number[], random: Random): number[] {
  const left = [...ports];
  return ports.map(() => left.splice(random.below(left.length), 1)[0] as number);
}
