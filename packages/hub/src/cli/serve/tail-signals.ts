import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import { createSignal } from "./ipc.ts";

const SIGNAL = Buffer.of(0);

/**
 * How the workers tell each other that the tail of the journal moved: a byte over a local socket, from each to each. By the primary it would take two messages, and
 * another process that has to wake up.
 *
 * @see docs/decisions/tail-signals.md
 */
export class TailSignals {
  readonly #directory: string;
  readonly #server: Server;
  readonly #heard = new Set<Socket>();
  readonly #told = new Map<string, { readonly socket: Socket; readonly tell: () => void }>();
  readonly #listeners = new Set<() => void>();

  private constructor(directory: string) {
    this.#directory = directory;
    const onSignal = (): void => {
      for (const onMoved of this.#listeners) onMoved();
    };
    this.#server = createServer((socket) => {
      this.#heard.add(socket);
      // Of one that ended there is another notice.
      socket.on("error", () => undefined);
      socket.on("close", () => this.#heard.delete(socket));
      socket.on("data", onSignal);
      socket.unref();
    });
    this.#server.unref();
  }

  /**
   * Listens at a place.
   *
   * @throws Failure when it can't.
   */
  static async open(directory: string, place: string): Promise<TailSignals> {
    const signals = new TailSignals(directory);
    const path = join(directory, place);
    // Where it is, the one that had the place was killed.
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      signals.#server.once("error", (error) =>
        reject(new Failure(`A worker cannot listen for the others: ${error.message}.`, { cause: error })),
      );
      signals.#server.listen(path, resolve);
    });
    // One that can't be accepted, for want of descriptors, tells nothing: the tail is looked at all the same.
    signals.#server.on("error", () => undefined);
    return signals;
  }

  /** A worker listens at a place, maybe another one than before. */
  meet(place: string): void {
    this.#told.get(place)?.socket.destroy();
    const socket = connect(join(this.#directory, place));
    const tell = createSignal((sent) => void socket.write(SIGNAL, sent));
    this.#told.set(place, { socket, tell });
    // One that has ended is replaced, and then met anew.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (this.#told.get(place)?.socket === socket) this.#told.delete(place);
    });
    socket.unref();
    // What was appended before they were connected.
    tell();
  }

  /** Tells all that the tail moved. */
  post(): void {
    for (const { tell } of this.#told.values()) tell();
  }

  /** Calls back when another worker has told. @returns Stops. */
  listen(onMoved: () => void): () => void {
    this.#listeners.add(onMoved);
    return () => void this.#listeners.delete(onMoved);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#heard) socket.destroy();
    for (const { socket } of this.#told.values()) socket.destroy();
  }
}
