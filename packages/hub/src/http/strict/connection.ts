import type { Socket } from "node:net";
import type { Reply } from "../reply/reply.ts";
import { freeHandle, type HandleWriter, type Writer } from "../sinks/socket-handle.ts";
import type { Answer } from "../sinks/unread-answers.ts";
import { encodeAnswer } from "./answer-bytes.ts";
import { type HeadVerdict, MOST_BODY_BYTES, MOST_HEAD_BYTES, readHead, type StrictHead } from "./head.ts";

/** Most bytes that wait for the answer before them. Then the connection is not read. */
const MOST_WAITING_BYTES = MOST_HEAD_BYTES + MOST_BODY_BYTES;
/** Longest head that is remembered, in bytes. */
const REMEMBERED_BYTES = 2048;
const NOTHING = Buffer.alloc(0);

/** The owner of the connections. */
export interface Owner {
  readonly keepAliveMs: number;
  /** Whether each answer is the last one of its connection. */
  readonly sendsAway: boolean;
  /** Whether no request is read for now. */
  readonly isHeld: boolean;
  readonly handleWriter: HandleWriter | undefined;
  /** Most bytes of a body. May change while a connection is open. */
  readonly bodyBytes: number;
  /** Whether the head's request is taken, apart from syntax and body length. */
  takes(connection: StrictConnection, head: StrictHead): boolean;
  /** A request begins. */
  began(connection: StrictConnection): void;
  answer(connection: StrictConnection, head: StrictHead, body: Uint8Array): Promise<Reply>;
  /** The kernel has the answer to the last request, or the connection has ended. */
  answered(connection: StrictConnection): void;
  /** The connection has ended. */
  closed(connection: StrictConnection): void;
  /** The bytes at the end are not a whole request. */
  undecided(connection: StrictConnection): void;
  /** Gives the connection to Node's parser, with the bytes that no request has used. */
  handOn(connection: StrictConnection, rest: Buffer, hasEnded: boolean): void;
}

const CONNECTION: unique symbol = Symbol("strict");
type StrictSocket = Socket & { [CONNECTION]?: StrictConnection | undefined };

/**
 * A connection whose requests are read strictly, one after the other, until one is not understood.
 * From there on the connection is Node's.
 */
export class StrictConnection implements Answer, Writer {
  readonly socket: Socket;
  /** For {@link Answer}: a request is taken whole. */
  readonly req = { complete: true };
  /** The client's address. */
  readonly address: string;
  readonly #owner: Owner;
  readonly #writer: HandleWriter | undefined;
  /** Bytes that no request has used. */
  #rest: Buffer = NOTHING;
  #isAnswering = false;
  /** Whether the peer has ended its half. */
  #hasEnded = false;
  /** Whether the current answer is the last. */
  #closes = false;
  #isOverdue = false;
  /** The last head. A publisher sends the same head again and again. */
  #last: { readonly bytes: Buffer; readonly head: StrictHead } | undefined;

  constructor(owner: Owner, socket: StrictSocket, address: string) {
    this.#owner = owner;
    this.socket = socket;
    this.address = address;
    this.#writer = owner.handleWriter?.fits(socket) === true ? owner.handleWriter : undefined;
    socket[CONNECTION] = this;
    // Shared functions instead of closures, because thousands of connections hold them.
    socket.on("data", onData).on("end", onEnd).on("close", onClose).on("error", ignoreError).on("timeout", onTimeout);
    socket.setTimeout(owner.keepAliveMs);
  }

  /** For {@link Answer}: bytes of the answer that are in the process. */
  get writableLength(): number {
    return this.#isAnswering ? this.socket.writableLength : 0;
  }

  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Whether a part of a request is there, and no answer is under way. */
  get isPartial(): boolean {
    return !this.#isAnswering && this.#rest.length > 0;
  }

  /** Goes on reading, unless all connections are held. */
  readOn(): void {
    if (this.socket.isPaused() && !this.#owner.isHeld) this.socket.resume();
  }

  /** Gives the connection to Node's parser. Call only while no answer is under way. */
  handOn(): void {
    const { socket } = this;
    (socket as StrictSocket)[CONNECTION] = undefined;
    socket.off("data", onData).off("end", onEnd).off("close", onClose).off("error", ignoreError).off("timeout", onTimeout);
    socket.setTimeout(0);
    this.#owner.handOn(this, this.#rest, this.#hasEnded);
  }

  received(bytes: Buffer): void {
    if (this.#closes) return;
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (!this.#isAnswering) this.#next();
    else if (this.#rest.length > MOST_WAITING_BYTES) this.socket.pause();
  }

  ended(): void {
    this.#hasEnded = true;
    if (this.#isAnswering) return;
    // Node's parser says what is wrong with a part of a request.
    if (this.#rest.length > 0) this.handOn();
    else this.socket.end();
  }

  closed(): void {
    if (this.#isAnswering) this.#owner.answered(this);
    this.#isAnswering = false;
    this.#owner.closed(this);
  }

  /** Nothing was read or written for as long as an idle connection is kept. */
  timedOut(): void {
    if (this.#isAnswering) this.#isOverdue = true;
    else this.socket.destroy();
  }

  /** For {@link Writer}: the kernel has taken the answer. */
  drained(): void {
    if (!this.#isAnswering) return;
    this.#isAnswering = false;
    this.#owner.answered(this);
    if (this.#closes) return this.socket.destroySoon();
    if (this.#isOverdue) {
      this.#isOverdue = false;
      this.socket.setTimeout(this.#owner.keepAliveMs);
    }
    if (this.#rest.length > 0) this.#next();
    else if (this.#hasEnded) this.socket.end();
  }

  #next(): void {
    const bytes = this.#rest;
    const head = this.#read(bytes);
    if (head === "other") return this.handOn();
    const length = head === "partial" ? Infinity : head.headBytes + head.bodyBytes;
    if (head === "partial" || bytes.length < length) {
      if (this.#hasEnded) return this.handOn();
      this.readOn();
      return this.#owner.undecided(this);
    }
    this.#rest = bytes.length === length ? NOTHING : bytes.subarray(length);
    if (this.#rest.length <= MOST_WAITING_BYTES) this.readOn();
    this.#isAnswering = true;
    this.#owner.began(this);
    // Cut, because its peer does not read.
    if (this.socket.destroyed) return;
    void this.#owner.answer(this, head, bytes.subarray(head.headBytes, length)).then(this.#reply);
  }

  #read(bytes: Buffer): HeadVerdict {
    const head = this.#readHead(bytes);
    return typeof head === "string" || head.bodyBytes <= this.#owner.bodyBytes ? head : "other";
  }

  #readHead(bytes: Buffer): HeadVerdict {
    const last = this.#last;
    if (last !== undefined && bytes.length >= last.bytes.length && last.bytes.compare(bytes, 0, last.bytes.length) === 0) return last.head;
    const head = readHead(bytes);
    if (typeof head === "string") return head;
    if (!this.#owner.takes(this, head)) return "other";
    this.#last = head.headBytes > REMEMBERED_BYTES ? undefined : { bytes: Buffer.from(bytes.subarray(0, head.headBytes)), head };
    return head;
  }

  readonly #reply = (reply: Reply): void => {
    const { socket } = this;
    if (!this.#isAnswering || socket.destroyed) return;
    this.#closes = reply.closes === true || this.#owner.sendsAway;
    const bytes = encodeAnswer(reply, this.#closes ? undefined : Math.floor(this.#owner.keepAliveMs / 1000));
    const handle = this.#writer && freeHandle(socket);
    if (handle !== undefined) {
      if (this.#writer?.write(socket, handle, bytes, this) === true) this.drained();
      return;
    }
    socket.write(bytes);
    if (socket.writableLength === 0) this.drained();
    else socket.write(NOTHING, () => this.drained());
  };
}

function onData(this: StrictSocket, bytes: Buffer): void {
  this[CONNECTION]?.received(bytes);
}

function onEnd(this: StrictSocket): void {
  this[CONNECTION]?.ended();
}

function onClose(this: StrictSocket): void {
  this[CONNECTION]?.closed();
}

function onTimeout(this: StrictSocket): void {
  this[CONNECTION]?.timedOut();
}

/** The connection ends by itself after an error. */
function ignoreError(): void {}
