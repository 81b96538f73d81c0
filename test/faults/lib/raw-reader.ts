import { connect, type Socket } from "node:net";
import { ageAt, HEAD_BYTES, numberAt } from "./numbered.ts";

const LF = 10;
const CR = 13;
const DATA = Buffer.from("data: ");
const ID = Buffer.from("id: ");
const BACK_MS = 20;

/** What many readers count together. */
export interface ReaderCounts {
  open: number;
  /** Connections after the first of each reader. */
  reconnections: number;
  received: number;
  /** Updates that came before their turn, or again. */
  disorder: number;
  gaps: number;
  refused: number;
}

/**
 * Reads numbered updates off a bare socket, which can be stopped, and comes back with the last event id it saw. As cheap as that can be: a thousand of them must
 * not be what a test measures.
 */
export class RawReader {
  /** The number of the update that must come next; undefined before the first. */
  expected: number | undefined;
  readonly #hub: URL;
  readonly #counts: ReaderCounts;
  readonly #onAge: ((ms: number) => void) | undefined;
  #socket: Socket | undefined;
  /** The id of the last event that is complete, and that of the one that is on its way. */
  #cursor: string | undefined;
  #nextCursor: string | undefined;
  /** The start of a line whose rest is not there yet. */
  #rest: Buffer | undefined;
  /** Where the event began that is being read; -1 where that was in an earlier part. */
  #eventAt = -1;
  /** How the last update was laid out: where its data was, and how long all of it was; 0 where it is not known. */
  #dataOffset = 0;
  #eventLength = 0;
  #isClosed = false;
  #isStopped = false;
  #isInBody = false;

  constructor(hub: URL, counts: ReaderCounts, onAge: ((ms: number) => void) | undefined) {
    this.#hub = hub;
    this.#counts = counts;
    this.#onAge = onAge;
    this.#connect();
  }

  /** From now on it takes nothing that is not in Node's hands yet. */
  stop(): void {
    this.#isStopped = true;
    this.#socket?.pause();
  }

  goOn(): void {
    this.#isStopped = false;
    this.#socket?.resume();
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    const { hostname, port, pathname, search } = this.#hub;
    const socket = connect(Number(port), hostname);
    this.#socket = socket;
    this.#rest = undefined;
    this.#nextCursor = this.#cursor;
    this.#isInBody = false;
    const cursor = this.#cursor === undefined ? "" : `Last-Event-ID: ${this.#cursor}\r\n`;
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${cursor}\r\n`);
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    // Its end follows.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      if (this.#isInBody) this.#counts.open--;
      if (this.#isClosed) return;
      this.#counts.reconnections++;
      setTimeout(() => !this.#isClosed && this.#connect(), BACK_MS);
    });
    if (this.#isStopped) socket.pause();
  }

  #take(part: Buffer): void {
    const bytes = this.#rest === undefined ? part : Buffer.concat([this.#rest, part]);
    this.#rest = undefined;
    this.#eventAt = -1;
    let at = 0;
    let lastLike = -1;
    while (at < bytes.length) {
      if (this.#isLike(bytes, at)) {
        this.#update(bytes, at + this.#dataOffset);
        lastLike = at;
        at += this.#eventLength;
        continue;
      }
      // The end of a chunk and the size of the next one. Nothing in an event has a CR.
      if (bytes[at] === CR && this.#isInBody) {
        const end = bytes.indexOf(LF, at + 2);
        if (end < 0) break;
        at = end + 1;
        continue;
      }
      if (lastLike >= 0) this.#cursor = this.#nextCursor = bytes.toString("latin1", lastLike + ID.length, bytes.indexOf(LF, lastLike));
      lastLike = -1;
      const end = bytes.indexOf(LF, at);
      if (end < 0) break;
      this.#line(bytes, at, end);
      at = end + 1;
    }
    if (lastLike >= 0) this.#cursor = this.#nextCursor = bytes.toString("latin1", lastLike + ID.length, bytes.indexOf(LF, lastLike));
    // A copy: what it is a part of must not stay for it.
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** Whether a whole update begins here that is laid out as the last one was: most are, and need no search for their lines. */
  #isLike(bytes: Buffer, at: number): boolean {
    const end = at + this.#eventLength;
    if (this.#eventLength === 0 || end > bytes.length || bytes[at] !== ID[0]) return false;
    const data = at + this.#dataOffset - DATA.length;
    return (
      bytes[end - 1] === LF && bytes[end - 2] === LF && bytes[data - 1] === LF && bytes[data] === DATA[0] && bytes[data + 4] === DATA[4]
    );
  }

  #line(bytes: Buffer, at: number, end: number): void {
    if (!this.#isInBody) {
      if (bytes[at] === 72 && !bytes.toString("latin1", at, end).includes(" 200")) this.#counts.refused++;
      if (end - at > 1) return;
      this.#isInBody = true;
      this.#counts.open++;
    } else if (bytes[end - 1] === CR) {
      // The size of the first chunk.
    } else if (bytes[at] === ID[0] && bytes[at + 1] === ID[1]) {
      this.#nextCursor = bytes.toString("latin1", at + ID.length, end);
      this.#eventAt = at;
    } else if (bytes[at] === DATA[0] && end - at >= DATA.length + HEAD_BYTES) {
      this.#update(bytes, at + DATA.length);
      this.#dataOffset = this.#eventAt < 0 ? 0 : at + DATA.length - this.#eventAt;
    } else if (end === at) {
      this.#cursor = this.#nextCursor;
      this.#eventLength = this.#eventAt < 0 || this.#dataOffset === 0 ? 0 : end + 1 - this.#eventAt;
      this.#eventAt = -1;
    } else {
      if (end - at === 14 && bytes.toString("latin1", at, end) === "event: hub:gap") this.#counts.gaps++;
      this.#dataOffset = 0;
    }
  }

  #update(bytes: Buffer, at: number): void {
    const number = numberAt(bytes, at);
    if (this.expected !== undefined && number !== this.expected) this.#counts.disorder++;
    this.expected = number + 1;
    this.#counts.received++;
    this.#onAge?.(ageAt(bytes, at));
  }
}
