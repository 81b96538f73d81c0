import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import { createSignal } from "./ipc.ts";

const SIGNAL = Buffer.of(0);

/**
 * Signals between workers that the journal's tail moved: one byte over a local socket, from each to
 * each. A signal through the primary would take two messages and wake another process up.
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
      // The end of a worker is reported elsewhere.
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
   * @throws Failure when listening fails.
   */
  static async open(directory: string, place: string): Promise<TailSignals> {
    const signals = new TailSignals(directory);
    const path = join(directory, place);
    // A leftover socket means that the place's last worker was killed.
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      signals.#server.once("error", (error) =>
        reject(new Failure(`A worker cannot listen for the others: ${error.message}.`, { cause: error })),
      );
      signals.#server.listen(path, resolve);
    });
    // A connection that can't be accepted, for want of descriptors, tells nothing. The tail is
    // checked periodically too.
    signals.#server.on("error", () => undefined);
    return signals;
  }

  /** Connects to the worker at a place, which may be a replacement. */
  meet(place: string): void {
    this.#told.get(place)?.socket.destroy();
    const socket = connect(join(this.#directory, place));
    const tell = createSignal((sent) => void socket.write(SIGNAL, sent));
    this.#told.set(place, { socket, tell });
    // A worker that has ended is replaced, and its replacement is met later.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (this.#told.get(place)?.socket === socket) this.#told.delete(place);
    });
    socket.unref();
    // Covers updates that were appended before the connection.
    tell();
  }

  /** Signals to all workers that the tail moved. */
  post(): void {
    for (const { tell } of this.#told.values()) tell();
  }

  /**
   * Calls back at each signal of another worker.
   *
   * @returns Stops listening.
   */
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
