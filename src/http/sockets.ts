import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { addressKey } from "../core/address-key.ts";
import type { Logger } from "../core/logger.ts";
import { LogThrottle } from "../core/log-throttle.ts";
import type { Range } from "../core/range.ts";

/** Bounds on the connections of a server, of every kind: streams, requests, and those that never sent one. */
export interface SocketLimits {
  /** Most in all. Past it idle ones are closed. Stops a flood from keeping everybody else out. Undefined for no bound. */
  readonly sockets: number | undefined;
  /**
   * Most from one address, IPv6 counted by its /64; the loopback and trusted proxies are exempt. Past it idle ones of that address are closed. Stops one
   * peer from taking all.
   */
  readonly socketsPerAddress: number;
}

/** What each of them may be. */
export const SOCKET_RANGES: Readonly<Record<keyof SocketLimits, Range>> = {
  sockets: [1, 1_000_000],
  socketsPerAddress: [1, 1_000_000],
};

/** All addresses are compared once for each part of this size of the connections that there may be: a flood must not make the hub do so at each new one. */
const PART = 1 / 64;

/** The connections of one address. */
interface Peer {
  readonly key: string;
  readonly isExempt: boolean;
  count: number;
  /** Connections without a request or a stream. The one that is idle for longest comes first. */
  readonly idle: Set<Socket>;
}

/** What is known of a connection. */
interface Held {
  readonly owner: Sockets;
  readonly peer: Peer;
  /** Requests that are not answered yet. A stream is one. */
  requests: number;
}

const HELD: unique symbol = Symbol("held");
type HeldSocket = Socket & { [HELD]?: Held | undefined };

/**
 * Bounds the connections of a server. A new one past a bound takes the place of an idle one: of its own address if that has as many as it may, else of the
 * address that has the most idle ones. A newcomer is served while others hold all places. The new one is closed if none is idle.
 */
export class Sockets {
  readonly #limits: SocketLimits;
  readonly #isProxy: (address: string) => boolean;
  readonly #notices: LogThrottle;
  readonly #peers = new Map<string, Peer>();
  #total = 0;
  /** The next ones to close. Some of them may be busy by then, or gone. */
  #next: HeldSocket[] = [];

  /** @param isProxy - Whether an address is that of a proxy, which brings the clients of many addresses. */
  constructor(limits: SocketLimits, isProxy: (address: string) => boolean, logger: Logger) {
    this.#limits = limits;
    this.#isProxy = isProxy;
    this.#notices = new LogThrottle(logger);
  }

  /** Must be called before the server listens. */
  watch(server: Server): void {
    server.on("connection", (socket) => this.#accept(socket));
    server.on("request", begin);
  }

  /** Forgets a connection that has ended, or is about to. */
  ended(socket: HeldSocket): void {
    const { peer } = socket[HELD] ?? {};
    if (peer === undefined) return;
    socket[HELD] = undefined;
    peer.idle.delete(socket);
    this.#total--;
    if (--peer.count === 0) this.#peers.delete(peer.key);
  }

  #accept(socket: HeldSocket): void {
    const peer = this.#peerOf(socket.remoteAddress);
    if (!this.#makeRoom(peer)) {
      socket.destroy();
      return;
    }
    this.#peers.set(peer.key, peer);
    peer.count++;
    peer.idle.add(socket);
    this.#total++;
    socket[HELD] = { owner: this, peer, requests: 0 };
    // A shared function instead of a closure: thousands of connections hold it.
    socket.on("close", onClose);
  }

  /** @param address - Undefined if the peer is gone already. */
  #peerOf(address = ""): Peer {
    const counted = address === "" ? undefined : addressKey(address);
    const key = counted ?? address;
    return this.#peers.get(key) ?? { key, isExempt: counted === undefined || this.#isProxy(address), count: 0, idle: new Set() };
  }

  /** @returns Whether one more connection of the address may stay. */
  #makeRoom(peer: Peer): boolean {
    const { sockets = Infinity, socketsPerAddress } = this.#limits;
    if (!peer.isExempt && peer.count >= socketsPerAddress) {
      this.#notices.warn(
        "address",
        { address: peer.key, connections: peer.count },
        "An address has as many connections as it may. A new one takes the place of an idle one, or is closed if none is idle. If it is a proxy of yours, " +
          "name it by --trusted-proxies.",
      );
      const [oldest] = peer.idle;
      if (oldest === undefined) return false;
      this.#close(oldest);
    }
    if (this.#total < sockets) return true;
    const connections = this.#total;
    const oldest = this.#oldestOfMost(sockets);
    this.#notices.warn(
      "all",
      { address: oldest?.[HELD]?.peer.key ?? peer.key, connections },
      "There are as many connections as there may be. A new one takes the place of an idle one of the address that has most, or is closed if none is idle.",
    );
    if (oldest === undefined) return false;
    this.#close(oldest);
    return true;
  }

  #oldestOfMost(sockets: number): HeldSocket | undefined {
    const isIdle = (socket: HeldSocket): boolean => socket[HELD]?.requests === 0;
    const known = this.#nextThat(isIdle);
    if (known !== undefined) return known;
    this.#next = oldestOfMost([...this.#peers.values()], Math.ceil(sockets * PART));
    return this.#nextThat(isIdle);
  }

  #nextThat(isIdle: (socket: HeldSocket) => boolean): HeldSocket | undefined {
    for (;;) {
      const socket = this.#next.shift();
      if (socket === undefined || isIdle(socket)) return socket;
    }
  }

  /** Counted at once: the next connection may come before the end of this one is told. */
  #close(socket: Socket): void {
    this.ended(socket);
    socket.destroy();
  }
}

/** The ones that are idle for longest, each of the address that has the most idle ones left. */
function oldestOfMost(peers: readonly Peer[], count: number): Socket[] {
  const sorted = peers
    .filter(({ idle }) => idle.size > 0)
    .toSorted((a, b) => b.idle.size - a.idle.size)
    .map(({ idle }) => ({ size: idle.size, sockets: idle.values() }));
  const chosen: Socket[] = [];
  for (let level = sorted[0]?.size ?? 0; level > 0; level--) {
    for (const { size, sockets } of sorted) {
      if (size < level) break;
      const { value } = sockets.next();
      if (value !== undefined) chosen.push(value);
      if (chosen.length === count) return chosen;
    }
  }
  return chosen;
}

function begin({ socket }: IncomingMessage, res: ServerResponse): void {
  const held = (socket as HeldSocket)[HELD];
  if (held === undefined) return;
  held.requests++;
  held.peer.idle.delete(socket);
  res.on("close", onAnswered);
}

/** The connection of a response becomes a stream, so that it is not idle again. What listens to the response would keep it in memory. */
export function stopAwaiting(res: ServerResponse): void {
  res.removeListener("close", onAnswered);
}

function onAnswered(this: ServerResponse): void {
  const { socket } = this.req;
  const held = (socket as HeldSocket)[HELD];
  if (held !== undefined && --held.requests === 0) held.peer.idle.add(socket);
}

function onClose(this: HeldSocket): void {
  this[HELD]?.owner.ended(this);
}
