import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { TemporaryError } from "../errors.ts";
import { startDeadline } from "../http/index.ts";
import { createGate, type Gate } from "./gate.ts";
import type { FeedEntry, ReadFeed } from "./item.ts";
import type { FeedDocument, ParseBounds } from "./parse.ts";
import type { ParsedHead, ThreadAnswer, ThreadRequest } from "./read-thread.ts";

/** Bounds of reading one document. */
export interface ReadBounds extends ParseBounds {
  /** Longest time, in milliseconds. The time in the queue does not count. */
  readonly timeoutMs: number;
  /** Memory of the thread, in bytes. */
  readonly memoryBytes: number;
}

/** Reads feeds in a thread, one at a time. */
export interface FeedReader {
  /**
   * Takes over the memory of the body, which is empty afterwards.
   *
   * @throws TemporaryError when the document is no feed, or exceeds a bound.
   * @throws The signal's reason when it is aborted.
   */
  read(document: FeedDocument, signal: AbortSignal): Promise<ReadFeed>;
  /** Ends the thread, unless other sources share it. */
  release(): void;
}

/**
 * Program of the thread. The package's sources take the built program, because older versions of
 * Node run no TypeScript.
 */
const PROGRAM = new URL(import.meta.url.endsWith(".ts") ? "../../dist/feed/read-thread.js" : "./read-thread.js", import.meta.url);

/**
 * Time after which an idle thread is ended, in milliseconds. A parsed feed of some megabytes leaves
 * hundreds of megabytes to the thread.
 */
const IDLE_MS = 10_000;

const MEBIBYTE = 2 ** 20;

/** The threads of this process, by their memory. Any number of sources share a thread. */
const threads = new Map<number, Thread>();

/** Returns a reader. The caller releases it. */
export function createReader(bounds: ReadBounds): FeedReader {
  const { memoryBytes } = bounds;
  const thread = threads.get(memoryBytes) ?? new Thread(memoryBytes);
  threads.set(memoryBytes, thread);
  thread.users += 1;
  return {
    read: (document, signal) => thread.read(document, bounds, signal),
    release() {
      thread.users -= 1;
      if (thread.users > 0) return;
      threads.delete(memoryBytes);
      thread.end();
    },
  };
}

/** A thread that starts with a document. After its end, the next document starts another. */
class Thread {
  users = 0;
  readonly #memoryBytes: number;
  readonly #gate: Gate = createGate(1);
  #worker: Worker | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(memoryBytes: number) {
    this.#memoryBytes = memoryBytes;
  }

  async read(document: FeedDocument, bounds: ReadBounds, signal: AbortSignal): Promise<ReadFeed> {
    signal.throwIfAborted();
    let abort = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => (abort = () => reject(signal.reason)));
    signal.addEventListener("abort", abort);
    try {
      // A source that is stopped does not wait for the documents of others.
      return await Promise.race([aborted, this.#gate(() => this.#read(document, bounds, signal))]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  end(): void {
    clearTimeout(this.#idle);
    // Nobody waits for the end. An error in a thread that ends is of no interest.
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #read(document: FeedDocument, bounds: ReadBounds, signal: AbortSignal): Promise<ReadFeed> {
    signal.throwIfAborted();
    clearTimeout(this.#idle);
    const deadline = startDeadline(bounds.timeoutMs, signal);
    try {
      const worker = (this.#worker ??= this.#start());
      const body = withOwnMemory(document.body);
      const { count, ...head } = (await ask(worker, { document: { ...document, body }, bounds }, deadline.signal, [
        body.buffer,
      ])) as ParsedHead;
      const entries: FeedEntry[] = [];
      while (entries.length < count) {
        const more = (await ask(worker, "more", deadline.signal)) as { readonly entries: readonly FeedEntry[] };
        entries.push(...more.entries);
      }
      return { ...head, entries };
    } catch (error) {
      if (error instanceof TemporaryError) throw error;
      this.end();
      if (signal.aborted) throw signal.reason;
      throw new TemporaryError(deadline.passed ? tooLong(bounds.timeoutMs) : reasonOf(error, this.#memoryBytes), { cause: error });
    } finally {
      deadline.stop();
      this.#idle = setTimeout(() => this.end(), IDLE_MS).unref();
    }
  }

  #start(): Worker {
    const maxOldGenerationSizeMb = Math.ceil(this.#memoryBytes / MEBIBYTE);
    const worker = new Worker(PROGRAM, { name: "artesian-feeds", execArgv: [], resourceLimits: { maxOldGenerationSizeMb } });
    worker.unref();
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    // Without a listener, the error of an idle thread would end the process.
    worker.on("error", forget).on("exit", forget);
    return worker;
  }
}

/**
 * @throws TemporaryError with the thread's refusal of the document.
 * @throws The error that ended the thread, or an AbortError.
 */
async function ask(
  worker: Worker,
  request: ThreadRequest,
  signal: AbortSignal,
  transferred: readonly ArrayBuffer[] = [],
): Promise<ThreadAnswer> {
  const answered = once(worker, "message", { signal }) as Promise<[ThreadAnswer]>;
  worker.postMessage(request, transferred);
  const [answer] = await answered;
  if ("failure" in answer) throw new TemporaryError(answer.failure);
  return answer;
}

/** Bytes that no other Buffer shares. To copy megabytes would stop the event loop for longer. */
function withOwnMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? new Uint8Array(buffer) : Uint8Array.from(bytes);
}

function tooLong(timeoutMs: number): string {
  return `The feed took too long to read: more than ${timeoutMs} ms, the bound (parseTimeoutMs)`;
}

function reasonOf(error: unknown, memoryBytes: number): string {
  if (!(error instanceof Error)) return `The feed could not be read: ${String(error)}`;
  return Reflect.get(error, "code") === "ERR_WORKER_OUT_OF_MEMORY"
    ? `The feed needs more memory to read than ${Math.ceil(memoryBytes / MEBIBYTE)} MiB, the bound (maxParseBytes)`
    : `The feed could not be read: ${error.message}`;
}
