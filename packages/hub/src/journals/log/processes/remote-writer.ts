import type { Socket } from "node:net";
import { HubError } from "../../../core/errors.ts";
import { afterThisTurn, every, monotonicMs } from "../../../core/scheduler.ts";
import { frame, FrameReader, KIND, MalformedFrame } from "./frames.ts";
import type { LogPlace } from "../files/log-access.ts";
import { decodeError, decodePlace, encodeHello } from "./messages.ts";
import { REQUEST_MS, type WaitingRequest } from "./requests.ts";

/** Interval of the checks for requests whose time is over, in milliseconds. */
const CHECK_MS = 500;

/** Bytes after which a write takes no further request. The rest may still go to the next writer. */
const WRITE_BYTES = 1024 * 1024;

/** Callbacks of a {@link RemoteWriter}. */
export interface RemoteWriterEvents {
  /** The writer told a place. The first is its greeting. */
  readonly onPlace: (place: LogPlace) => void;
  /** The log can't be used for now, for this reason, or can be used again. */
  readonly onFailing?: (failure: HubError | undefined) => void;
  /**
   * The connection ended.
   *
   * @param open - Requests that may be sent to the next writer.
   * @param reason - Why the writer refused this process, if it did.
   */
  readonly onLeft: (open: readonly WaitingRequest[], reason: HubError | undefined) => void;
}

/** A follower's side of the connection to the writer. */
export class RemoteWriter {
  readonly #socket: Socket;
  readonly #events: RemoteWriterEvents;
  readonly #sent = new Map<number, WaitingRequest>();
  readonly #stopChecking: () => void;
  #unsent: WaitingRequest[] = [];
  #count = 0;
  #isGreeted = false;
  /** The writer takes no more requests. */
  #isLeaving = false;
  /** The follower sends no more requests. */
  #isFinishing = false;
  #isScheduled = false;
  #heardAtMs = monotonicMs();
  #reason: HubError | undefined;
  #pid: number | undefined;

  constructor(socket: Socket, events: RemoteWriterEvents) {
    this.#socket = socket;
    this.#events = events;
    const reader = new FrameReader((kind, number, content) => this.#take(kind, number, content));
    socket.on("data", (chunk) => {
      this.#heardAtMs = monotonicMs();
      try {
        reader.push(chunk);
      } catch (error) {
        if (!(error instanceof MalformedFrame)) throw error;
        socket.destroy();
      }
    });
    socket.on("end", () => {
      this.#isLeaving = true;
      socket.end();
    });
    // The end of the writer is reported by the close.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#left());
    socket.write(frame(KIND.hello, 0, encodeHello()));
    this.#stopChecking = every(CHECK_MS, () => this.#check());
  }

  /** Id of the process that writes, as soon as it is known. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Sends a request at the end of this turn, with the others of the turn. */
  send(waiting: WaitingRequest): void {
    this.#unsent.push(waiting);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // The process goes on until it has its answers.
    this.#socket.ref();
    afterThisTurn(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }

  /** Ends the connection once every request has its outcome. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#isGreeted) this.#release();
    else this.close();
  }

  /** Ends the connection. Requests without an answer may be sent to the next writer. */
  close(): void {
    this.#socket.destroy();
  }

  #take(kind: number, number: number, content: Buffer): void {
    if (kind === KIND.opening) {
      if (content.length === 4) this.#pid = content.readUInt32BE(0);
      return;
    }
    if (kind === KIND.moved) {
      const place = decodePlace(content);
      this.#isGreeted = true;
      this.#events.onPlace(place);
      this.#release();
      return;
    }
    if (kind === KIND.leaving) {
      this.#isLeaving = true;
      this.#socket.end();
      return;
    }
    if (kind === KIND.error && number === 0) {
      this.#reason = decodeError(content);
      return;
    }
    if (kind === KIND.failing) {
      this.#events.onFailing?.(content.length === 0 ? undefined : decodeError(content));
      return;
    }
    if (kind === KIND.again) {
      this.#takeBack();
      return;
    }
    const waiting = this.#sent.get(number);
    // The time of the request was over.
    if (waiting === undefined) return;
    // A request with a malformed answer stays open, until the connection ends.
    if (kind === KIND.error) waiting.reject(decodeError(content));
    else if (kind === KIND.appended || kind === KIND.result) waiting.answer(kind, content);
    else throw new MalformedFrame(`A frame of kind ${kind} is unknown.`);
    this.#sent.delete(number);
    this.#release();
  }

  /** Keeps the requests without an answer for the next writer. */
  #takeBack(): void {
    this.#isLeaving = true;
    const sent = [...this.#sent.values()];
    this.#sent.clear();
    for (const waiting of sent) waiting.wasSent = false;
    this.#unsent.unshift(...sent);
  }

  /** One write is under way at a time, so that the rest can still go to another writer. */
  #write(): void {
    if (this.#unsent.length === 0 || !this.#isGreeted || this.#isLeaving || this.#socket.writableLength > 0 || this.#socket.destroyed)
      return;
    const frames: Buffer[] = [];
    for (let bytes = 0; bytes < WRITE_BYTES && frames.length < this.#unsent.length; bytes += frames.at(-1)?.length ?? 0) {
      const waiting = this.#unsent[frames.length] as WaitingRequest;
      const number = (this.#count = (this.#count % 0xffff_ffff) + 1);
      waiting.wasSent = true;
      this.#sent.set(number, waiting);
      frames.push(frame(KIND[waiting.request.kind], number, waiting.request.content));
    }
    this.#unsent.splice(0, frames.length);
    // A small write has no event when its bytes are gone.
    this.#socket.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames), (error) => {
      // Nothing more is sent to a writer that is gone.
      if (error instanceof Error) this.#isLeaving = true;
      else this.#write();
    });
  }

  #check(): void {
    const now = monotonicMs();
    if (!this.#isGreeted && now - this.#heardAtMs > REQUEST_MS) {
      this.#reason = new HubError("journal_unavailable", "The process that writes the journal does not answer. It may be suspended.", {
        retryAfterMs: REQUEST_MS,
      });
      this.#socket.destroy();
      return;
    }
    for (const [number, waiting] of this.#sent) {
      if (waiting.untilMs > now) continue;
      this.#sent.delete(number);
      waiting.giveUp();
    }
    for (const waiting of this.#unsent) if (waiting.untilMs <= now) waiting.giveUp();
    this.#unsent = this.#unsent.filter(({ isSettled }) => !isSettled);
    this.#release();
  }

  /** Lets the process end while it waits for nothing. */
  #release(): void {
    if (!this.#isGreeted || this.#sent.size > 0 || this.#unsent.length > 0) return;
    this.#socket.unref();
    if (this.#isFinishing) this.close();
  }

  #left(): void {
    this.#stopChecking();
    const open: WaitingRequest[] = [];
    for (const waiting of this.#sent.values()) {
      if (waiting.request.isRepeatable) {
        waiting.isInDoubt = true;
        open.push(waiting);
      } else waiting.giveUp();
    }
    open.push(...this.#unsent);
    this.#sent.clear();
    this.#unsent = [];
    this.#events.onLeft(open, this.#reason);
  }
}
