import { constants, fstatSync, openSync, write, writeSync } from "node:fs";
import { isatty } from "node:tty";

/** Most bytes that wait for the reader. Further lines are left out, and counted. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** A pipe takes a write up to this size as a whole: lines of several processes do not get into each other. */
const ATOMIC_BYTES = 4096;
/** When a write is tried again: to a pipe that is full, and after a failure such as a full disk. In milliseconds. */
const AGAIN_MS = { full: 100, failed: 1000 } as const;

/**
 * Writes lines to stdout or stderr in the background. A reader that is slow holds nothing up, and one that is away costs a bounded amount of memory.
 *
 * Pino's own destination is not used: when the process ends it tries again without end, synchronously, if the disk is full or nobody reads.
 */
export class LineWriter {
  readonly #fd: number;
  readonly #onLost: (lines: number) => void;
  readonly #lines: Buffer[] = [];
  #waitingBytes = 0;
  /** What is being written, or could not be written yet. */
  #chunk: Buffer | undefined;
  #state: "idle" | "writing" | "waiting" = "idle";
  #lost = 0;
  #onSettled: (() => void)[] = [];
  readonly #flush = (): void => this.#writeRest();

  /** @param onLost - Called once lines are taken again, with how many were left out. */
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

  /** Whether the system holds up a write, with a thread of this process, which could not end in order before. */
  get isStuck(): boolean {
    return this.#state === "writing";
  }

  /** Resolves when all is written, or could not be within the time. Further lines are written as ever. */
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
    this.#state = "idle";
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
    // A log that nobody takes keeps no process alive.
    timer.unref();
  }

  #settle(): void {
    const settled = this.#onSettled;
    this.#onSettled = [];
    for (const resolve of settled) resolve();
  }

  /** At the end of the process, once: what is not taken at once is lost. */
  #writeRest(): void {
    // The process waits for a write that is under way.
    const chunk = this.#state === "writing" ? undefined : this.#chunk;
    const rest = [...(chunk === undefined ? [] : [chunk]), ...this.#lines];
    try {
      if (rest.length > 0) writeSync(this.#fd, Buffer.concat(rest));
    } catch {
      // Nobody takes it, and there is nowhere left to say so.
    }
  }

  /** Nothing is written at the end of the process any more. */
  release(): void {
    process.off("exit", this.#flush);
  }
}

/**
 * A descriptor of the same pipe or terminal, for which a write fails if it would wait for the reader. The mode belongs to what other processes share, and each
 * process that is started with it sets it back: so this one needs its own.
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
