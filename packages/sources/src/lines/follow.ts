import type { FileHandle } from "node:fs/promises";
import { TemporaryError } from "../errors.ts";
import { SourceError, type SourceContext } from "../source.ts";
import { deliver } from "./deliver.ts";
import { holds, identityAt, io, markAt, openFile, stagesAfter, statOf, type Position, type Stage } from "./log-file.ts";
import type { LinesPlan } from "./options.ts";
import { loadPosition, savePosition } from "./position.ts";
import { createSplitter, type Line, type Splitter } from "./splitter.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * The end of a reading stage: the file's end, a new file in its place, a truncation, or the signal.
 */
type Outcome = "end" | "rotated" | "truncated" | "aborted";

/** An open file and its reading state. */
interface Reading {
  readonly path: string;
  readonly handle: FileHandle;
  /** Device and inode. */
  readonly file: string;
  readonly splitter: Splitter;
  /** Bytes that were read: the splitter's offset plus its pending line. */
  read: number;
  /** Last verified position. Undefined at the beginning of the file. */
  known: Position | undefined;
}

/** Reads one file from its last position, through rotation and truncation. */
export class FileFollower {
  readonly #plan: LinesPlan;
  readonly #path: string;
  readonly #context: SourceContext;
  readonly #buffer: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #position: Position | undefined;
  /** The pending line of a truncated file, in case it is nowhere else. */
  #cutOff: Line | undefined;
  #failures = 0;
  #missed = false;

  constructor(plan: LinesPlan, path: string, context: SourceContext) {
    this.#plan = plan;
    this.#path = path;
    this.#context = context;
  }

  async run(): Promise<void> {
    const { memory, signal, report } = this.#context;
    this.#position = await loadPosition(memory, this.#path);
    while (!signal.aborted) {
      try {
        await this.#readAll();
        return;
      } catch (error) {
        if (!(error instanceof TemporaryError)) throw error;
        if (this.#plan.options.follow === false) throw new SourceError(error.message, { cause: error });
        const retryInMs = Math.min(1000 * 2 ** this.#failures, 30_000);
        this.#failures += 1;
        report({ kind: "failed", error, retryInMs });
        await this.#plan.sleep(retryInMs, signal);
      }
    }
  }

  async #readAll(): Promise<void> {
    const { signal } = this.#context;
    const follow = this.#plan.options.follow !== false;
    let after: Outcome | "start" = "start";
    while (!signal.aborted) {
      const stage = await this.#nextStage(after);
      const outcome: Outcome | "moved" = await this.#readStage(stage, follow && stage.path === this.#path);
      if (outcome === "moved") {
        await this.#plan.sleep(this.#plan.checkMs, signal);
        continue;
      }
      if (outcome === "end" && stage.path === this.#path) return;
      after = outcome;
    }
  }

  /** Stages are searched again each time, because other files may be rotated while one is read. */
  async #nextStage(after: Outcome | "start"): Promise<Stage> {
    const position = this.#position ?? (await this.#begin());
    const live = { path: this.#path, file: await identityAt(this.#path), offset: 0 };
    if (position === undefined) return live;
    const { found, stages } = await stagesAfter(this.#path, position);
    // A file that was rotated away while we read it was read to its end.
    if (!found && (after === "start" || after === "truncated") && position.offset > 0) {
      const what = after === "truncated" ? "was truncated" : "is another one now, and the one before is gone";
      this.#warn(`${this.#path} ${what}. It is read from its beginning. Lines that were not read before may be missing.`);
    }
    if (!found && this.#cutOff !== undefined) await deliver(this.#plan, [this.#cutOff], this.#context);
    this.#cutOff = undefined;
    const [first = live, second] = stages;
    const isRead = found && (after === "end" || after === "rotated");
    return isRead ? (second ?? first) : first;
  }

  /**
   * Decides where a new file begins.
   *
   * @returns Undefined at its beginning.
   */
  async #begin(): Promise<Position | undefined> {
    if (this.#plan.options.from === "beginning") return undefined;
    const handle = await openFile(this.#path);
    // A file that appears later is new from its first line on.
    if (handle === undefined || this.#missed) {
      await handle?.close();
      return undefined;
    }
    try {
      const { file, size } = await statOf(this.#path, handle);
      const offset = await lastLineStart(this.#path, handle, size);
      const position = { file, offset, mark: await markAt(this.#path, handle, offset) };
      // Saved at once, so that lines count as new if they arrive while this source is not running.
      await this.#remember(position);
      return position;
    } finally {
      await handle.close();
    }
  }

  /** @returns `moved` if the name has another file by now, or none yet. */
  async #readStage(stage: Stage, follow: boolean): Promise<Outcome | "moved"> {
    const handle = await openFile(stage.path);
    if (handle === undefined) {
      this.#miss(stage);
      return "moved";
    }
    try {
      const { file } = await statOf(stage.path, handle);
      if (file !== stage.file) return "moved";
      const known = stage.offset === 0 ? undefined : this.#position;
      // In memory alone, because nothing has been published that could be repeated.
      if (known === undefined) this.#position = { file, offset: 0, mark: "" };
      const splitter = createSplitter(this.#plan.maxLineBytes, stage.offset);
      const reading: Reading = { path: stage.path, handle, file, splitter, read: stage.offset, known };
      const outcome = await this.#readOn(reading, follow);
      if (outcome === "aborted") return outcome;
      // Nobody completes this line any more.
      const rest = splitter.end();
      if (outcome === "truncated") this.#cutOff = rest;
      else if (rest !== undefined) {
        await this.#deliver([rest], { file, offset: splitter.offset, mark: await markAt(stage.path, handle, splitter.offset) });
      }
      return outcome;
    } finally {
      await handle.close();
    }
  }

  #miss(stage: Stage): void {
    if (stage.path !== this.#path) return;
    if (this.#plan.options.follow === false) throw new SourceError(`${stage.path}: there is no such file.`);
    if (!this.#missed && this.#position === undefined) this.#warn(`${stage.path} is not there yet. It is read once it is.`);
    this.#missed = true;
  }

  async #readOn(reading: Reading, follow: boolean): Promise<Outcome> {
    const { checkMs, rotationGraceMs, sleep } = this.#plan;
    const { signal } = this.#context;
    let quietMs = 0;
    for (;;) {
      const found = await this.#drain(reading);
      if (found === "truncated" || found === "aborted") return found;
      if (!follow) return "end";
      if (found === "more") quietMs = 0;
      // Bytes since the last check are older than the new file, so they are read before this is
      // decided.
      else if (quietMs > rotationGraceMs) return "rotated";
      await sleep(checkMs, signal);
      const there = await identityAt(reading.path);
      if (there !== undefined && there !== reading.file) quietMs += checkMs;
    }
  }

  /** Reads up to the end of the file. */
  async #drain(reading: Reading): Promise<"more" | "nothing" | "truncated" | "aborted"> {
    const { signal, report } = this.#context;
    const { path, handle, file, splitter } = reading;
    let found: "more" | "nothing" = "nothing";
    while (!signal.aborted) {
      // Checked each time, because the file may have changed while a batch was published.
      const { size } = await statOf(path, handle);
      this.#failures = 0;
      if (size === reading.read) return found;
      if (size < reading.read) return "truncated";
      // The file has grown, or was truncated and has grown past our position.
      if (reading.known !== undefined && !(await holds(path, handle, reading.known))) return "truncated";
      const buffer = this.#buffer;
      const result = await io(path, () => handle.read(buffer, 0, buffer.length, reading.read));
      if (result === undefined || result.bytesRead === 0) return found;
      found = "more";
      reading.read += result.bytesRead;
      const lines = splitter.push(buffer.subarray(0, result.bytesRead));
      // The mark is taken before publishing, for the same reason.
      const position = { file, offset: splitter.offset, mark: await markAt(path, handle, splitter.offset) };
      reading.known = position;
      report({ kind: "fetched", changed: lines.length > 0, items: lines.length, bytes: result.bytesRead });
      if (lines.length > 0) await this.#deliver(lines, position);
    }
    return "aborted";
  }

  async #deliver(lines: readonly Line[], position: Position): Promise<void> {
    await deliver(this.#plan, lines, this.#context);
    await this.#remember(position);
  }

  async #remember(position: Position): Promise<void> {
    this.#position = position;
    await savePosition(this.#context.memory, this.#path, position);
  }

  #warn(message: string): void {
    this.#context.report({ kind: "warning", message });
  }
}

/**
 * The start of the last line without an end. Returns the size if the file ends with a line end, or
 * the line is very long.
 */
async function lastLineStart(path: string, handle: FileHandle, size: number): Promise<number> {
  const length = Math.min(size, 65_536);
  const result = await io(path, () => handle.read(Buffer.alloc(length), 0, length, size - length));
  if (result === undefined) return size;
  const end = result.buffer.subarray(0, result.bytesRead).lastIndexOf(0x0a);
  if (end >= 0) return size - length + end + 1;
  return length === size ? 0 : size;
}
