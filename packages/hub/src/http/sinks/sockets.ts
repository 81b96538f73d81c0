import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { addressKey } from "../../core/address-key.ts";
import type { Logger } from "../../core/logger.ts";
import { LogThrottle } from "../../core/log-throttle.ts";
import type { Range } from "../../core/range.ts";
import { serverOf } from "./closed-servers.ts";
import { becomeHttp2, closeAtOnce, closeLater, cutSocket } from "./cut-socket.ts";
import { SharedConnections } from "./shared-connections.ts";
import { type Answer, UnreadAnswers, type UnreadLimits } from "./unread-answers.ts";

/**
 * Bounds on a server's connections of every kind: streams, requests, and those that never sent a
 * request.
 */
export interface SocketLimits {
  /**
   * Most in total. Beyond it idle connections are closed. Stops a flood from keeping everybody else
   * out. Undefined for no bound.
   */
  readonly sockets: number | undefined;
  /**
   * Most from one address (IPv6: one /64). The loopback and trusted proxies are exempt. Beyond it
   * idle connections of that address are closed. Stops one peer from taking all.
   */
  readonly socketsPerAddress: number;
}

/** Allowed values. */
export const SOCKET_RANGES: Readonly<Record<keyof SocketLimits, Range>> = {
  sockets: [1, 1_000_000],
  socketsPerAddress: [1, 1_000_000],
};

/**
 * All addresses are compared once for each such fraction of the possible connections. A flood must
 * not cause a comparison for each new one.
 */
const PART = 1 / 64;

/**
 * Most requests of a connection that wait for their answers. Node parses up to 64 KiB that it reads
 * at once, before it can pause. Without a bound, 770 pipelined requests for a file of 42 KB are 32
 * MB of answers. No browser and no proxy pipelines.
 */
export const MAX_UNANSWERED = 32;

/** The connections of one address. */
interface Peer {
  readonly key: string;
  readonly isExempt: boolean;
  count: number;
  /**
   * Connections without a request or a stream, and those that do not read their answers or send
   * their requests slowly. The longest idle one comes first.
   */
  readonly idle: Set<Socket>;
}

/** Reasons for cutting connections, for the log. */
const CUTS = {
  pipelined: `A connection was cut. It sent more than ${MAX_UNANSWERED} requests without waiting for an answer.`,
  stalled: "A connection was cut. Its peer took nothing of an answer for --write-stall.",
  held: "A connection was cut. Unread answers exceed --max-held-bytes, and it held most of them.",
} as const;

/** State of a connection. */
interface Held {
  readonly owner: Sockets;
  readonly peer: Peer;
  /** A stream is never idle. */
  isStream: boolean;
  /** The peer's address and port while a TLS handshake is under way. */
  handshake: string | undefined;
}

const HELD: unique symbol = Symbol("held");
const AWAITED_BY: unique symbol = Symbol("awaited by");

/** A response that a connection waits for. */
type AwaitedResponse = ServerResponse & { [AWAITED_BY]?: HeldSocket };
type HeldSocket = Socket & { [HELD]?: Held | undefined };

/**
 * Bounds the connections of a server. A new connection beyond a bound replaces an idle one: of its
 * own address if that is full, else of the address with the most idle ones. So a newcomer is served
 * while others hold all places. The new connection is closed if none is idle.
 */
export class Sockets {
  readonly #limits: SocketLimits;
  readonly #isProxy: (address: string) => boolean;
  readonly #notices: LogThrottle;
  readonly #unread: UnreadAnswers;
  readonly #shared: SharedConnections;
  /** Connections beneath a TLS handshake that is under way, by their peers' addresses and ports. */
  readonly #handshakes = new Map<string, HeldSocket>();
  readonly #peers = new Map<string, Peer>();
  #total = 0;
  /** The next connections to close. Some of them may be busy by then, or gone. */
  #next: HeldSocket[] = [];

  /**
   * @param isProxy - Whether an address is a proxy's, which brings the clients of many addresses.
   */
  constructor(limits: SocketLimits & UnreadLimits, isProxy: (address: string) => boolean, logger: Logger) {
    this.#limits = limits;
    this.#isProxy = isProxy;
    this.#notices = new LogThrottle(logger);
    this.#unread = new UnreadAnswers(limits, {
      setQuiet: (socket, isQuiet) => this.#setQuiet(socket, isQuiet),
      cut: (socket, why) => this.#cut(socket, why),
      close: (socket) => this.#end(socket, (ended) => ended.destroy()),
    });
    this.#shared = new SharedConnections(limits, {
      setQuiet: (socket, isQuiet) => this.#setQuiet(socket, isQuiet),
      cut: (socket) => this.#warnOfCut(socket, "held"),
    });
  }

  /**
   * Watches a server's connections, with or without TLS. Its HTTP/2 connections are `session`
   * events. Call before the server listens.
   */
  watch(server: Server): void {
    const isSecure = "setSecureContext" in server;
    server.on("connection", (socket) => this.#accept(socket, isSecure));
    // Before a parser gets the connection.
    server.prependListener("secureConnection", (socket: TLSSocket) => this.#secured(socket));
    server.on("session", (session: ServerHttp2Session, socket: Socket) => {
      becomeHttp2(socket);
      this.#shared.watch(session, socket);
    });
    server.on("request", begin);
    server.on("checkExpectation", refuseExpectation);
    server.on("close", () => {
      this.#unread.stop();
      this.#shared.stop();
    });
  }

  /** Ends connections whose TLS handshake is under way. They have no request yet. */
  endHandshakes(): void {
    for (const socket of this.#handshakes.values()) this.#end(socket, cutSocket);
  }

  /**
   * A request has come.
   *
   * @returns Whether to call {@link answered} for it.
   */
  began(socket: HeldSocket, answer: Answer): boolean {
    const held = socket[HELD];
    if (held === undefined || held.isStream) return false;
    if (this.#unread.isLeaving(socket)) {
      // Comes after the answer with which the connection ends.
      this.#end(socket, cutSocket);
      return false;
    }
    const unanswered = this.#unread.begin(socket, answer);
    if (unanswered > MAX_UNANSWERED) {
      this.#cut(socket, "pipelined");
      return false;
    }
    if (unanswered === 1) held.peer.idle.delete(socket);
    return true;
  }

  /** Answers in turn, see {@link answerInTurn}. */
  inTurn(socket: Socket, answer: () => void): void {
    this.#unread.inTurn(socket, answer);
  }

  /** The connection no longer waits for an answer. */
  answered(socket: HeldSocket, answer: Answer): void {
    if (!this.#unread.answered(socket, answer)) return;
    const { idle } = socket[HELD]?.peer ?? {};
    // Becomes the last idle connection, even if the peer was slow.
    idle?.delete(socket);
    idle?.add(socket);
  }

  /** The connection has become a stream. */
  streams(socket: HeldSocket): void {
    closeAtOnce(socket);
    this.#unread.forget(socket);
    const held = socket[HELD];
    if (held === undefined) return;
    held.isStream = true;
    held.peer.idle.delete(socket);
  }

  /**
   * Ends a connection, for Node or for any other caller of its `destroy()`. The connection stays
   * until the peer has confirmed all answers. Otherwise the kernel would hold them for minutes,
   * outside of every bound. A closed server does not wait.
   */
  leave(socket: HeldSocket, error: Error | undefined): void {
    const isClosed = serverOf(socket)?.listening === false;
    if (isClosed || !this.#unread.leave(socket)) this.#end(socket, (ended) => ended.destroy(error));
    else if (error !== undefined) this.#end(socket, cutSocket);
    else if (socket.writable) socket.end();
  }

  /** Forgets a connection that has ended, or is about to. */
  ended(socket: HeldSocket): void {
    const { peer, handshake } = socket[HELD] ?? {};
    if (peer === undefined) return;
    socket[HELD] = undefined;
    if (handshake !== undefined && this.#handshakes.get(handshake) === socket) this.#handshakes.delete(handshake);
    peer.idle.delete(socket);
    this.#unread.forget(socket);
    this.#total--;
    if (--peer.count === 0) this.#peers.delete(peer.key);
  }

  #accept(socket: HeldSocket, isSecure: boolean): void {
    const peer = this.#peerOf(socket.remoteAddress);
    if (!this.#makeRoom(peer)) {
      socket.destroy();
      return;
    }
    this.#peers.set(peer.key, peer);
    peer.count++;
    peer.idle.add(socket);
    this.#total++;
    const handshake = isSecure ? peerOf(socket) : undefined;
    if (handshake !== undefined) this.#handshakes.set(handshake, socket);
    socket[HELD] = { owner: this, peer, isStream: false, handshake };
    // A shared function instead of a closure, because thousands of connections hold it.
    socket.on("close", onClose);
    if (!isSecure) closeLater(socket, leave);
  }

  /** After the handshake, the connection is the one with TLS. */
  #secured(socket: HeldSocket & Pick<TLSSocket, "alpnProtocol">): void {
    const handshake = peerOf(socket);
    const beneath = this.#handshakes.get(handshake);
    const held = beneath?.[HELD];
    if (beneath === undefined || held === undefined) {
      socket.destroy();
      return;
    }
    this.#handshakes.delete(handshake);
    beneath[HELD] = undefined;
    socket[HELD] = held;
    held.handshake = undefined;
    held.peer.idle.delete(beneath);
    held.peer.idle.add(socket);
    socket.on("close", onClose);
    // Over HTTP/2, answers belong to streams, and the connection waits for none.
    if (socket.alpnProtocol !== "h2") closeLater(socket, leave);
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
        "An address has reached its limit of connections. A new one replaces an idle one, or is closed if none is idle. If it is your proxy, " +
          "name it by --trusted-proxies.",
      );
      const [oldest] = peer.idle;
      if (oldest === undefined) return false;
      this.#end(oldest, cutSocket);
    }
    if (this.#total < sockets) return true;
    const connections = this.#total;
    const oldest = this.#oldestOfMost(sockets);
    this.#notices.warn(
      "all",
      { address: oldest?.[HELD]?.peer.key ?? peer.key, connections },
      "The limit of connections is reached. A new one replaces an idle one of the address that has most, or is closed if none is idle.",
    );
    if (oldest === undefined) return false;
    this.#end(oldest, cutSocket);
    return true;
  }

  #oldestOfMost(sockets: number): HeldSocket | undefined {
    const isIdle = (socket: HeldSocket): boolean => socket[HELD]?.peer.idle.has(socket) === true;
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

  /**
   * Counted at once, because the next connection may come before the end of this one is reported.
   */
  #end(socket: HeldSocket, end: (socket: Socket) => void): void {
    const isHandshake = socket[HELD]?.handshake !== undefined;
    this.ended(socket);
    closeAtOnce(socket);
    // A reset beneath TLS ends some versions of Node.
    if (isHandshake) socket.destroy();
    else end(socket);
  }

  #setQuiet(socket: HeldSocket, isQuiet: boolean): void {
    const { idle } = socket[HELD]?.peer ?? {};
    if (isQuiet) idle?.add(socket);
    else idle?.delete(socket);
  }

  #cut(socket: HeldSocket, why: keyof typeof CUTS): void {
    this.#warnOfCut(socket, why);
    this.#end(socket, cutSocket);
  }

  #warnOfCut(socket: HeldSocket, why: keyof typeof CUTS): void {
    const address = socket[HELD]?.peer.key;
    this.#notices.warn(why, { ...(address !== undefined && { address }) }, CUTS[why]);
  }
}

/** The longest idle connections, each from the address with the most idle ones left. */
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

function begin(req: IncomingMessage, res: ServerResponse): void {
  const socket = socketOf(req);
  if (socket?.[HELD]?.owner.began(socket, res) !== true) return;
  (res as AwaitedResponse)[AWAITED_BY] = socket;
  res.on("close", onAnswered);
}

/**
 * Answers an unknown expectation. Node's own answer would not be counted, and leaves the connection
 * open for more.
 */
function refuseExpectation(req: IncomingMessage, res: ServerResponse): void {
  begin(req, res);
  answerInTurn(req, () => res.writeHead(417, { Connection: "close" }).end());
}

/**
 * Calls `answer` once the earlier answers of the connection are finished, and read if unread ones
 * take much memory. Otherwise pipelined requests fill the kernel with answers that nobody reads.
 *
 * An answer past this queue would wait for its turn on the connection, and the queue for it. So all
 * listeners of a watched server that answer while others wait must use this function.
 */
export function answerInTurn(req: IncomingMessage, answer: () => void): void {
  const socket = socketOf(req);
  const { owner } = socket?.[HELD] ?? {};
  if (socket === undefined || owner === undefined) answer();
  else owner.inTurn(socket, answer);
}

/**
 * Marks a response's connection as a stream, which never becomes idle. Listeners of the response
 * would keep the response in memory.
 */
export function stopAwaiting(req: IncomingMessage, res: ServerResponse): void {
  res.removeListener("close", onAnswered);
  const socket = socketOf(req);
  if (socket !== undefined) socket[HELD]?.owner.streams(socket);
}

/**
 * The connection of a request, if it answers one request after the other. A request whose body was
 * given up halfway may have none any more.
 */
function socketOf({
  socket,
  httpVersionMajor,
}: {
  readonly socket: Socket | null;
  readonly httpVersionMajor: number;
}): HeldSocket | undefined {
  return httpVersionMajor === 1 ? (socket ?? undefined) : undefined;
}

/** Tells a connection's peer apart from every other at this time. */
function peerOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function onAnswered(this: ServerResponse): void {
  const socket = (this as AwaitedResponse)[AWAITED_BY];
  socket?.[HELD]?.owner.answered(socket, this);
}

/** Replaces a connection's own `destroy()`. */
function leave(this: HeldSocket, error?: Error): HeldSocket {
  const { owner } = this[HELD] ?? {};
  if (owner !== undefined) owner.leave(this, error);
  else {
    closeAtOnce(this);
    this.destroy(error);
  }
  return this;
}

function onClose(this: HeldSocket): void {
  this[HELD]?.owner.ended(this);
}
