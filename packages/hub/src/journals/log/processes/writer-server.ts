import type { Socket } from "node:net";
import { HubError } from "../../../core/errors.ts";
import { after, afterThisTurn, every } from "../../../core/scheduler.ts";
import { frame, FrameReader, KIND, MalformedFrame } from "./frames.ts";
import type { Reception } from "./election.ts";
import type { LogWriterAccess } from "../files/log-access.ts";
import {
  decodeEntriesRequest,
  decodeHello,
  decodeKeyRequest,
  encodeAppended,
  encodeError,
  encodeJson,
  encodePlace,
  PROTOCOL,
} from "./messages.ts";

/** Interval of the signs of life while the journal is opened, in milliseconds. */
const OPENING_MS = 1000;
/** Longest wait for a follower to send its last request, in milliseconds. */
const LEAVE_MS = 1000;
/** Bytes of requests without an answer, or of unread answers, after which a follower is not read. */
const MOST_BYTES = 32 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);
/** A sign of life names the process. */
const OWN_PID = Buffer.alloc(4);
OWN_PID.writeUInt32BE(process.pid);

/** The writer's side of the connections to its followers. */
export class WriterServer implements Reception {
  readonly #connections = new Set<Connection>();
  #writer: LogWriterAccess | undefined;
  #isRefusing = false;
  #stopListening: readonly (() => void)[] = [];
  readonly #stopSigns: () => void;

  constructor() {
    this.#stopSigns = every(OPENING_MS, () => {
      for (const connection of this.#connections) connection.showLife();
    });
  }

  /** Takes a connection of a follower. */
  readonly take = (socket: Socket): void => {
    const connection = new Connection(
      socket,
      () => this.#writer,
      () => this.#isRefusing,
    );
    this.#connections.add(connection);
    socket.on("close", () => this.#connections.delete(connection));
    socket.unref();
  };

  /** Closes the connections at once. Their followers look for another writer. */
  readonly dismiss = (): void => {
    for (const connection of this.#connections) connection.cut();
  };

  /** Begins to answer, once the journal is open. */
  serve(writer: LogWriterAccess): void {
    this.#stopSigns();
    this.#writer = writer;
    for (const connection of this.#connections) connection.tell();
    this.#stopListening = [
      writer.onMoved(() => {
        for (const connection of this.#connections) connection.tell();
      }),
      writer.watchFailure(() => {
        for (const connection of this.#connections) connection.tellFailure();
      }),
    ];
  }

  /**
   * Asks the followers to send nothing more, and answers all that they have sent.
   *
   * @returns Resolves then, or after a second. A suspended follower does not answer.
   */
  async leave(): Promise<void> {
    const left = Array.from(this.#connections, (connection) => connection.leave());
    await Promise.race([Promise.all(left), new Promise<void>((resolve) => after(LEAVE_MS, resolve))]);
  }

  /** Carries out no further request. The followers learn of it by {@link WriterServer.close}. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** Tells the followers to ask the next writer for what has no answer, and ends the connections. */
  close(): void {
    this.#stopSigns();
    for (const stop of this.#stopListening) stop();
    for (const connection of this.#connections) connection.close();
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #writer: () => LogWriterAccess | undefined;
  readonly #isRefusing: () => boolean;
  readonly #reader = new FrameReader((kind, number, content) => this.#take(kind, number, content));
  #isGreeted = false;
  /** Whether the follower does not know the newest place. */
  #isPlaceDue = true;
  /** The failure that the follower knows of. */
  #toldFailure: HubError | undefined;
  #answers: Buffer[] = [];
  #isScheduled = false;
  /** Bytes of the requests without an answer. */
  #openBytes = 0;
  #openRequests = 0;
  #isEnded = false;
  #onDone: () => void = () => undefined;

  constructor(socket: Socket, writer: () => LogWriterAccess | undefined, isRefusing: () => boolean) {
    this.#socket = socket;
    this.#writer = writer;
    this.#isRefusing = isRefusing;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("end", () => {
      this.#isEnded = true;
      this.#finish();
    });
    // A follower that ends is no fault.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#onDone());
  }

  showLife(): void {
    if (this.#isGreeted && this.#writer() === undefined && this.#socket.writableLength === 0) {
      this.#socket.write(frame(KIND.opening, 0, OWN_PID));
    }
  }

  /**
   * Tells the place now. A follower that does not read gets the newest place later, so that its
   * places take no memory.
   */
  tell(): void {
    this.#isPlaceDue = true;
    if (this.#socket.writableLength === 0) this.#write();
  }

  /**
   * Tells whether the log can be used. A follower does not watch the files that only the writer has
   * open.
   */
  tellFailure(): void {
    const failure = this.#writer()?.failure;
    if (!this.#isGreeted || this.#socket.destroyed || failure === this.#toldFailure) return;
    this.#toldFailure = failure;
    this.#socket.write(frame(KIND.failing, 0, failure === undefined ? NOTHING : encodeError(failure)));
  }

  leave(): Promise<void> {
    if (this.#isGreeted) this.#socket.write(frame(KIND.leaving, 0, NOTHING));
    return new Promise((resolve) => {
      this.#onDone = resolve;
      if (!this.#isGreeted || this.#socket.destroyed) resolve();
      else this.#finish();
    });
  }

  cut(): void {
    this.#socket.destroy();
  }

  close(): void {
    this.#write();
    // What comes from now on is read, and not carried out. A follower may send it because it was
    // suspended, or connected while the journal was being closed.
    if (this.#isRefusing() && this.#openRequests === 0) this.#socket.write(frame(KIND.again, 0, NOTHING));
    this.#socket.end();
    // A suspended follower would keep the connection open.
    const stop = after(LEAVE_MS, () => this.#socket.destroy());
    this.#socket.once("close", stop);
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error;
      this.#socket.destroy();
    }
    this.#regulate();
  }

  #take(kind: number, number: number, content: Buffer): void {
    if (!this.#isGreeted) {
      if (kind !== KIND.hello) throw new MalformedFrame("The first frame is no greeting.");
      this.#greet(decodeHello(content));
      return;
    }
    const writer = this.#writer();
    if (writer === undefined) throw new MalformedFrame("A request came before the journal was open.");
    if (!this.#isRefusing()) void this.#answer(answerOf(writer, kind, content), number, content.length);
  }

  /** @param length - Bytes of the request. */
  async #answer(answer: Promise<Answer>, number: number, length: number): Promise<void> {
    this.#openBytes += length;
    this.#openRequests++;
    const [kind, content] = await answer;
    this.#openBytes -= length;
    this.#openRequests--;
    this.#answers.push(frame(kind, number, content));
    this.#schedule();
  }

  #greet(version: number): void {
    if (version !== PROTOCOL) {
      const error = new HubError("journal_unavailable", "The journal is open in a process of another version. Stop that process first.");
      this.#socket.end(frame(KIND.error, 0, encodeError(error)));
      return;
    }
    this.#isGreeted = true;
    this.#socket.write(frame(KIND.opening, 0, OWN_PID), () => {
      this.tell();
      this.tellFailure();
    });
  }

  /** The answers of a turn leave in one write. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    afterThisTurn(() => {
      this.#isScheduled = false;
      this.#write();
      this.#regulate();
      this.#finish();
    });
  }

  /** The place goes before the answers, since a follower reads its own updates after its answer. */
  #write(): void {
    const writer = this.#writer();
    if (writer === undefined || !this.#isGreeted || this.#socket.destroyed) return;
    const frames = this.#isPlaceDue ? [frame(KIND.moved, 0, encodePlace(writer.place)), ...this.#answers] : this.#answers;
    this.#isPlaceDue = false;
    this.#answers = [];
    if (frames.length === 0) return;
    this.#socket.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames), () => {
      if (this.#isPlaceDue && this.#socket.writableLength === 0) this.#write();
      this.#regulate();
    });
  }

  /** Reads on only while few bytes wait. */
  #regulate(): void {
    const isFull = this.#openBytes > MOST_BYTES || this.#socket.writableLength > MOST_BYTES;
    if (isFull) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #finish(): void {
    if (this.#isEnded && this.#openRequests === 0 && this.#answers.length === 0) this.#onDone();
  }
}

type Answer = readonly [kind: number, content: Buffer];

/** Carries a request out. Never rejects. @throws MalformedFrame */
function answerOf(writer: LogWriterAccess, kind: number, content: Buffer): Promise<Answer> {
  const answer = ((): Promise<Answer> => {
    switch (kind) {
      case KIND.append:
        return writer
          .append(content)
          .then((outcome) => (outcome.kind === "appended" ? [KIND.appended, encodeAppended(outcome)] : [KIND.result, encodeJson(outcome)]));
      case KIND.entries: {
        const { prefix, ...options } = decodeEntriesRequest(content);
        return writer.entries(prefix, options).then((entries) => [KIND.result, encodeJson(entries)]);
      }
      case KIND.findId:
        return writer.findId(content.toString("utf8")).then((offsets) => [KIND.result, encodeJson(offsets)]);
      case KIND.findKey:
        return writer.findKey(...decodeKeyRequest(content)).then((known) => [KIND.result, encodeJson(known)]);
      case KIND.place:
        return Promise.resolve([KIND.result, encodePlace(writer.place)]);
      default:
        throw new MalformedFrame(`A request of kind ${kind} is unknown.`);
    }
  })();
  return answer.catch((error: unknown) => [KIND.error, encodeError(error)]);
}
