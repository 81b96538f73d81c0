import type { Server } from "node:http";
import type { Socket } from "node:net";
import { every, monotonicMs } from "../../core/scheduler.ts";
import type { Reply } from "../reply/reply.ts";
import type { HandleWriter } from "../sinks/socket-handle.ts";
import type { Sockets } from "../sinks/sockets.ts";
import { type Owner, StrictConnection } from "./connection.ts";
import { isHttp2, type StrictHead } from "./head.ts";
import type { StrictHub } from "./request.ts";

/**
 * Longest wait for the rest of a request, or for the first one of a connection, in milliseconds.
 * Then Node's parser waits, with its own timeouts.
 */
const PATIENCE_MS = 1000;
const LOOK_MS = 250;
/** Most connections that wait. Each keeps up to 64 KiB in memory. The oldest makes room. */
export const MOST_UNDECIDED = 256;

/** Options of a strict reader. */
export interface StrictReaderOptions {
  readonly hub: StrictHub;
  /** Host names that are answered, in lower case and without port. Undefined for any. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Most bytes of a head that Node's parser takes. */
  readonly maxHeadBytes: number;
  /** Whether an address is a proxy's, whose requests name their client in other fields. */
  readonly isProxy: (address: string) => boolean;
  /** Bounds the connections. */
  readonly sockets: Pick<Sockets, "began" | "answered">;
  /** Takes connections of HTTP/2 with prior knowledge. Default: Node's parser refuses them. */
  readonly takeHttp2?: ((socket: Socket) => void) | undefined;
  /** Writes past the socket's stream, if that is safe. */
  readonly handleWriter: HandleWriter | undefined;
}

/**
 * Reads publishes off the sockets of an HTTP server, before Node's parser. Takes only requests that
 * are understood whole. At the first other request the connection goes to Node's parser, with all
 * bytes from there on.
 *
 * @see docs/decisions/the-way-in.md
 */
export class StrictReader implements Owner {
  /** Requests taken. */
  requests = 0;
  /** Requests that are not answered yet. */
  underWay = 0;
  readonly #options: StrictReaderOptions;
  readonly #server: Server;
  readonly #parse: (socket: Socket) => void;
  readonly #connections = new Set<StrictConnection>();
  /** Since when, in milliseconds of the monotonic clock. The oldest comes first. */
  readonly #undecided = new Map<StrictConnection, number>();
  #stopLooking: (() => void) | undefined;
  #sendsAway = false;
  #isHeld = false;

  /**
   * Puts the reader before Node's own listener for connections.
   *
   * @returns Undefined if the server has no listener of a known kind.
   */
  static of(server: Server, options: StrictReaderOptions): StrictReader | undefined {
    // Registered by the server's constructor, so it is the first.
    const [parse] = server.listeners("connection") as ((this: Server, socket: Socket) => void)[];
    if (parse?.name !== "connectionListener") return undefined;
    const reader = new StrictReader(server, options, (socket) => parse.call(server, socket));
    server.removeListener("connection", parse);
    server.prependListener("connection", (socket) => reader.#accept(socket));
    server.once("close", () => reader.#stopLooking?.());
    return reader;
  }

  private constructor(server: Server, options: StrictReaderOptions, parse: (socket: Socket) => void) {
    this.#server = server;
    this.#options = options;
    this.#parse = parse;
  }

  get keepAliveMs(): number {
    return this.#server.keepAliveTimeout;
  }

  get handleWriter(): HandleWriter | undefined {
    return this.#options.handleWriter;
  }

  get bodyBytes(): number {
    return this.#options.hub.bodyBytes;
  }

  get sendsAway(): boolean {
    return this.#sendsAway;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Reads no requests until {@link goOn}, so that turns of the event loop are short. */
  hold(): void {
    this.#isHeld = true;
    for (const { socket } of this.#connections) socket.pause();
  }

  goOn(): void {
    this.#isHeld = false;
    for (const connection of this.#connections) connection.readOn();
  }

  /**
   * Sends each client away with the next answer. A part of a request goes to Node's parser at once,
   * whose requests the drain waits for.
   */
  sendAway(): void {
    this.#sendsAway = true;
    for (const connection of this.#connections) if (connection.isPartial) connection.handOn();
  }

  /** Closes the connections without a request under way. */
  closeIdle(): void {
    for (const connection of this.#connections) {
      if (!connection.isAnswering && !connection.isPartial) connection.socket.destroy();
    }
  }

  closeAll(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  takes({ address }: StrictConnection, { target, fields, headBytes }: StrictHead): boolean {
    const { hub, hosts, maxHeadBytes, isProxy } = this.#options;
    if (isProxy(address)) return false;
    const host = fields.get("host")?.replace(/:\d*$/, "").toLowerCase() ?? "";
    return headBytes <= maxHeadBytes && (hosts?.has(host) ?? true) && hub.resolve(target) !== undefined;
  }

  began(connection: StrictConnection): void {
    this.#decided(connection);
    this.requests++;
    this.underWay++;
    this.#options.sockets.began(connection.socket, connection);
  }

  answer({ socket, address }: StrictConnection, head: StrictHead, body: Uint8Array): Promise<Reply> {
    const { hub } = this.#options;
    return hub.answer({ socket, address, pathname: hub.resolve(head.target) ?? "", head, body });
  }

  answered(connection: StrictConnection): void {
    this.underWay--;
    this.#options.sockets.answered(connection.socket, connection);
  }

  undecided(connection: StrictConnection): void {
    if (this.#sendsAway && connection.isPartial) return connection.handOn();
    if (this.#undecided.has(connection)) return;
    if (this.#undecided.size >= MOST_UNDECIDED) this.#handOnOldest();
    this.#undecided.set(connection, monotonicMs());
    this.#stopLooking ??= every(LOOK_MS, () => this.#look());
  }

  handOn(connection: StrictConnection, rest: Buffer, hasEnded: boolean): void {
    const { socket } = connection;
    this.#decided(connection);
    this.#connections.delete(connection);
    if (socket.destroyed) return;
    if (hasEnded) {
      // Nothing can be put back behind the end.
      this.#parse(socket);
      socket.emit("data", rest);
      socket.emit("end");
      return;
    }
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    const { takeHttp2 } = this.#options;
    if (takeHttp2 !== undefined && isHttp2(rest)) {
      // Reads by itself what was put back.
      takeHttp2(socket);
      return;
    }
    this.#parse(socket);
    socket.resume();
  }

  closed(connection: StrictConnection): void {
    this.#decided(connection);
    this.#connections.delete(connection);
  }

  #accept(socket: Socket): void {
    const { remoteAddress } = socket;
    // A client that has left already has no address.
    if (remoteAddress === undefined) return this.#parse(socket);
    const connection = new StrictConnection(this, socket, remoteAddress);
    this.#connections.add(connection);
    if (this.#isHeld) socket.pause();
    this.undecided(connection);
  }

  #decided(connection: StrictConnection): void {
    if (!this.#undecided.delete(connection) || this.#undecided.size > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }

  #look(): void {
    const now = monotonicMs();
    for (const [connection, sinceMs] of this.#undecided) {
      if (now - sinceMs < PATIENCE_MS) return;
      connection.handOn();
    }
  }

  #handOnOldest(): void {
    const [oldest] = this.#undecided.keys();
    oldest?.handOn();
  }
}
