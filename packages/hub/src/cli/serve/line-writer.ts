import { constants, fstatSync, openSync, write, writeSync } from "node:fs";
import { isatty } from "node:tty";

/** Most bytes that wait for the reader. Further lines are left out, and counted. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** A pipe takes a write up to this size atomically, so lines of several processes do not mix. */
const ATOMIC_BYTES = 4096;
/**
 * Delay before another write, in milliseconds: to a full pipe, and after a failure such as a full
 * disk.
 */
const AGAIN_MS = { full: 100, failed: 1000 } as const;

/**
 * Writes lines to stdout or stderr in the background. A slow reader holds nothing up, and an absent
 * reader costs a bounded amount of memory.
 *
 * Pino's own destination is not used. At the end of the process it retries without end,
 * synchronously, if the disk is full or nobody reads.
 */
export class LineWriter {
  readonly #fd: number;
  readonly #onLost: (lines: number) => void;
  readonly #lines: Buffer[] = [];
  #waitingBytes = 0;
  /** Bytes that are being written, or could not be written yet. */
  #chunk: Buffer | undefined;
  #state: "idle" | "writing" | "waiting" = "idle";
  #lost = 0;
  #onSettled: (() => void)[] = [];
  #onAnswered: () => void = () => undefined;
  readonly #flush = (): void => this.#writeRest();

  /** @param onLost - Called with the number of lost lines, once lines are taken again. */
  constructor(fd: 1 | 2, onLost: (lines: number) => void = () => undefined) {
    this.#fd = withoutBlocking(fd);
    this.#onLost = onLost;
    process.on("exit", this.#flush);
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MOST_WAITING_BYTES) {
      this.#lost++;
      return;
    }
    this.#lines.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#next();
  }

  /** Whether a write is under way. The process could not end in order before. */
  get isWriting(): boolean {
    return this.#state === "writing";
  }

  /**
   * Calls a function at the end of the write under way. The system may block a write for ever.
   *
   * @param onEnd - Gets whether the time was up before.
   */
  afterWrite(withinMs: number, onEnd: (isStuck: boolean) => void): void {
    const timer = setTimeout(() => onEnd(true), withinMs);
    this.#onAnswered = () => {
      clearTimeout(timer);
      onEnd(false);
    };
  }

  /** Resolves when all lines are written, or the time is up. Further lines are written as usual. */
  async settled(withinMs: number): Promise<void> {
    if (this.#waitingBytes === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onSettled.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #next(): void {
    if (this.#state !== "idle" || this.#waitingBytes === 0) return;
    this.#state = "writing";
    this.#chunk ??= this.#takeChunk();
    const chunk = this.#chunk;
    write(this.#fd, chunk, (error, count) => {
      this.#state = "idle";
      this.#onAnswered();
      if (error === null) this.#written(chunk, count);
      else this.#failed(error);
    });
  }

  #takeChunk(): Buffer {
    let bytes = this.#lines[0]?.length ?? 0;
    let count = 1;
    for (let line = this.#lines[count]; line !== undefined && bytes + line.length <= ATOMIC_BYTES; line = this.#lines[count]) {
      bytes += line.length;
      count++;
    }
    return Buffer.concat(this.#lines.splice(0, count));
  }

  #written(chunk: Buffer, count: number): void {
    this.#waitingBytes -= count;
    this.#chunk = count < chunk.length ? chunk.subarray(count) : undefined;
    if (this.#lost > 0 && this.#waitingBytes < MOST_WAITING_BYTES / 2) {
      const lost = this.#lost;
      this.#lost = 0;
      this.#onLost(lost);
    }
    if (this.#waitingBytes === 0) this.#settle();
    else this.#next();
  }

  #failed({ code }: NodeJS.ErrnoException): void {
    const isFull = code === "EAGAIN";
    // A disk stays full and a closed pipe closed for longer than an ending process may wait.
    if (!isFull) this.#settle();
    this.#state = "waiting";
    const timer = setTimeout(
      () => {
        this.#state = "idle";
        this.#next();
      },
      isFull ? AGAIN_MS.full : AGAIN_MS.failed,
    );
    // An unread log keeps no process alive.
    timer.unref();
  }

  #settle(): void {
    const settled = this.#onSettled;
    this.#onSettled = [];
    for (const resolve of settled) resolve();
  }

  /** Writes the rest once, at the end of the process. Bytes that are not taken at once are lost. */
  #writeRest(): void {
    // The process waits for a pending write.
    const chunk = this.#state === "writing" ? undefined : this.#chunk;
    const rest = [...(chunk === undefined ? [] : [chunk]), ...this.#lines];
    try {
      if (rest.length > 0) writeSync(this.#fd, Buffer.concat(rest));
    } catch {
      // Nobody takes the rest, and there is nowhere left to report that.
    }
  }

  /** Stops writing at the end of the process. */
  release(): void {
    process.off("exit", this.#flush);
  }
}

/**
 * Opens another descriptor of the same pipe or terminal, on which a write fails if it would block.
 * The mode of the original is shared with other processes, and each process that is started with it
 * resets the mode. So this process needs its own descriptor.
 *
 * @returns The descriptor itself for a file, and on systems other than Linux.
 */
function withoutBlocking(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO() && !isatty(fd)) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Nobody reads the pipe any more, or the system has no such paths.
    return fd;
  }
}
