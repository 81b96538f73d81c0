import type { Socket } from "node:net";
import type { HubCore } from "../../core/hub-core.ts";
import { every } from "../../core/scheduler.ts";
import type { Sink } from "../../core/live/subscriber.ts";

/**
 * Interval of the checks for closed servers, in milliseconds. Long enough for an application to
 * close its hub as well.
 */
const LOOK_MS = 500;

/** The part of a `node:net` server, or of one built on it, that is used here. */
export interface ClosableServer {
  /** False after it was closed, and before it listens. */
  readonly listening: boolean;
}

/** A sink that knows its connection's server. */
interface ServedSink extends Sink {
  isOf(server: ClosableServer): boolean;
}

/**
 * Sends a closed server's subscribers away. A closed server waits for its connections to end, and a
 * stream does not end by itself. `await server.close()` would wait for `hub.close()`, which comes
 * after it.
 */
export class ClosedServers {
  readonly #hub: HubCore;
  /** Servers that listen and may have streams. */
  readonly #open = new Set<ClosableServer>();
  /**
   * Servers that have listened. Nothing is known of others, as of connections that come by other
   * means.
   */
  readonly #known = new WeakSet<ClosableServer>();
  #stopLooking: (() => void) | undefined;

  constructor(hub: HubCore) {
    this.#hub = hub;
  }

  /** Watches the server of a stream's connection. Call for each such connection. */
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

/**
 * The server that accepted a connection. The property is not documented in Node. Without it,
 * nothing is watched.
 */
export function serverOf(socket: Socket): ClosableServer | undefined {
  const { server } = socket as unknown as { readonly server?: unknown };
  return typeof server === "object" && server !== null && "listening" in server ? (server as ClosableServer) : undefined;
}
