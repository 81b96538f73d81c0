import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const LOADER = new URL("../../faults/typescript.mjs", import.meta.url).href;

/** A process that runs a program of this folder, and the lines that it prints. */
export class LinkProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #onLine: () => void = () => undefined;
  #sent = 0;

  /** @param program - Its file in this folder. */
  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(process.execPath, ["--import", LOADER, fileURLToPath(new URL(program, import.meta.url)), ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#exited = once(this.#child, "close");
    onTestFinished(async () => {
      this.#child.kill("SIGKILL");
      await this.#exited;
    });
    // A killed process takes no input.
    this.#child.stdin?.on("error", () => undefined);
    createInterface(this.#child.stdout as NodeJS.ReadableStream).on("line", (line) => {
      this.lines.push(line);
      this.#onLine();
    });
  }

  static async start(program: string, args: readonly string[]): Promise<LinkProcess> {
    const started = new LinkProcess(program, args);
    await started.line(/^open /);
    return started;
  }

  /** Waits for a line. @param from - Index of the first line that counts. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    for (;;) {
      const found = this.lines.slice(from).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      const next = new Promise<void>((resolve) => (this.#onLine = resolve));
      const ended = await Promise.race([next, this.#exited.then(() => "ended")]);
      if (ended !== undefined && !this.lines.slice(from).some((line) => pattern.test(line)))
        throw new Error(`It ended without ${String(pattern)}.`);
    }
  }

  get isWriter(): boolean {
    return this.lines.findLast((line) => /^(?:open|role) /.test(line))?.includes(" writer") === true;
  }

  /** Whether the process listens on the socket of a writer, by the kernel's lists. */
  get listens(): boolean {
    try {
      const own = readdirSync(`/proc/${this.#child.pid}/fd`).map((fd) => readlinkSync(`/proc/${this.#child.pid}/fd/${fd}`));
      const sockets = readFileSync("/proc/net/unix", "utf8").matchAll(/ 00010000 \S+ \S+ +(\d+) \S*\/writer-\d+$/gm);
      return Array.from(sockets).some(([, inode]) => own.includes(`socket:[${inode}]`));
    } catch {
      return false; // The process has ended, or a descriptor was closed meanwhile.
    }
  }

  send(line: string): void {
    this.#sent++;
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Lines that were sent, and have no outcome yet. */
  get open(): number {
    return this.#sent - this.lines.filter((line) => /^(?:ok|repeated|failed) /.test(line)).length;
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#child.kill(signal);
  }

  /** Ends the input, so that the process closes the journal. @returns Resolves with the exit code. */
  async end(): Promise<number | null> {
    this.#child.stdin?.end();
    await this.#exited;
    return this.#child.exitCode;
  }

  async exit(): Promise<void> {
    await this.#exited;
  }
}
