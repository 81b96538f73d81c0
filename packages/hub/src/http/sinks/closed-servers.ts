import type { Socket } from "node:net";
import type { HubCore } from "../../core/hub-core.ts";
import { every } from "../../core/scheduler.ts";
import type { Sink } from "../../core/live/subscriber.ts";

/** How often the hub looks whether a server was closed, in milliseconds. Long enough for an application to close its hub as well. */
const LOOK_MS = 500;

/** What is used of a server of `node:net` or what is built on it. */
export interface ClosableServer {
  /** False once it was closed, and before it listens. */
  readonly listening: boolean;
}

/** A sink that knows which server its connection came by. */
interface ServedSink extends Sink {
  isOf(server: ClosableServer): boolean;
}

/**
 * Sends the subscribers of a server away once that was closed. A closed server waits for its connections to end, and a stream
 * does not end by itself: `await server.close()` would wait for `hub.close()`, which comes after it.
 */
export class ClosedServers {
  readonly #hub: HubCore;
  /** Those that listen, and may have streams. */
  readonly #open = new Set<ClosableServer>();
  /** Those that have listened: of another one, as for connections that come by other means, nothing can be told. */
  readonly #known = new WeakSet<ClosableServer>();
  #stopLooking: (() => void) | undefined;

  constructor(hub: HubCore) {
    this.#hub = hub;
  }

  /** Must be called for each connection that a stream goes over. */
  watch(socket: Socket): void {
    const server = serverOf(socket);
    if (server === undefined || this.#open.has(server) || !(server.listening || this.#known.has(server))) return;
    this.#open.add(server);
    this.#known.add(server);
    this.#stopLooking ??= every(LOOK_MS, () => this.#look());
  }

  #look(): void {
    for (const server of this.#open) {
      if (server.listening && !this.#hub.draining) continue;
      this.#open.delete(server);
      const subscribers = this.#hub.sendAway((sink) => "isOf" in sink && (sink as ServedSink).isOf(server));
      if (subscribers > 0) this.#hub.logger.info({ subscribers }, "a server was closed; its subscribers were told to come back");
    }
    if (this.#open.size > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }
}

/** The server that accepted a connection. Node does not document where it keeps it; without it, nothing is watched. */
export function serverOf(socket: Socket): ClosableServer | undefined {
  const { server } = socket as unknown as { readonly server?: unknown };
  return typeof server === "object" && server !== null && "listening" in server ? (server as ClosableServer) : undefined;
}
