import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { childrenOf } from "../../cli/worker-processes.ts";
import { freePort } from "../../support/free-port.ts";
import { atEnd, isRunning, signalAll } from "./cleanup.ts";
import { until, within } from "./clock.ts";
import { SERVER_FLAGS, SERVER_SECRET } from "./tokens.ts";

/** Another build can be named by `FAULTS_MAIN`: for when `dist/` is being built anew. */
export const MAIN: string = process.env["FAULTS_MAIN"] ?? fileURLToPath(new URL("../../../packages/hub/dist/cli/main.js", import.meta.url));
const START_MS = 60_000;
const END_MS = 20_000;

/** How a server is run. */
export interface HubServerOptions {
  /** Where it keeps its journal. */
  readonly data: string;
  /** For its log, which is kept outside of `data`: what happens to that must not happen to this. */
  readonly directory: string;
  /** Default 1. */
  readonly workers?: number | undefined;
  /** Further flags of `artesian serve`; they win over those of the harness. */
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** A command that replaces itself by the server, such as `prlimit --nofile=256`: its process id must stay. */
  readonly prefix?: readonly string[] | undefined;
  /** Another build's `main.js`. */
  readonly main?: string | undefined;
}

/** What a server may be told to start with another time: see {@link HubServer.start}. */
export type ServerChange = Partial<Pick<HubServerOptions, "workers" | "args" | "env" | "prefix" | "main">>;

export type Part = "worker" | "primary" | "everything";

/** `artesian serve` as a process of its own, which is started again and again on one port. */
export class HubServer {
  readonly port: number;
  readonly url: string;
  /** Where one publishes and subscribes. */
  readonly hub: string;
  /** How often it ended though nobody ended it. */
  crashes = 0;
  #options: HubServerOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<number | NodeJS.Signals> = Promise.resolve(0);
  /** Whether its end is one that was asked for. */
  #isAsked = true;
  #forget: () => void = () => undefined;

  private constructor(options: HubServerOptions, port: number) {
    this.#options = options;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.hub = `${this.url}/events/stream`;
  }

  /** Makes one that is not started yet. */
  static async create(options: HubServerOptions): Promise<HubServer> {
    return new HubServer(options, await freePort());
  }

  /** The process that was started: the primary of several, or the only one. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("The server does not run.");
    return pid;
  }

  get runs(): boolean {
    return this.#child !== undefined;
  }

  /** The file that its standard error goes to. */
  get log(): string {
    return join(this.#options.directory, "server.log");
  }

  workers(): readonly number[] {
    return this.#child === undefined ? [] : childrenOf(this.pid);
  }

  /** All of its processes, the workers first. */
  processes(): readonly number[] {
    return this.#child === undefined ? [] : [...this.workers(), this.pid];
  }

  /**
   * Starts it, and waits until it listens; or until it was killed, as a test may do at any moment.
   *
   * @param change - What is different from now on.
   * @returns Whether it listens.
   * @throws Error when it ends by itself, with what it said.
   */
  async start(change: ServerChange = {}): Promise<boolean> {
    if (this.#child !== undefined) throw new Error("The server runs already.");
    this.#options = { ...this.#options, ...change };
    const { data, workers = 1, args = [], env = {}, prefix = [], main = MAIN } = this.#options;
    const flags = ["serve", "--port", String(this.port), "--data", data, "--workers", String(workers), ...SERVER_FLAGS, ...args];
    const [command = "", ...rest] = [...prefix, process.execPath, main, ...flags];
    const log = openSync(this.log, "a");
    const child = spawn(command, rest, {
      stdio: ["ignore", "pipe", log],
      env: { PATH: process.env["PATH"] ?? "", ARTESIAN_JWT_KEY: SERVER_SECRET, ...env },
    });
    closeSync(log);
    this.#child = child;
    this.#isAsked = false;
    this.#forget = atEnd(() => signalAll(this.processes(), "SIGKILL"));
    this.#ended = once(child, "exit").then(([code, signal]) => {
      this.#child = undefined;
      if (!this.#isAsked) this.crashes++;
      return (code ?? signal) as number | NodeJS.Signals;
    });
    const listening = new Promise<boolean>((resolve) => {
      let text = "";
      child.stdout?.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        if (/^listening on /m.test(text)) resolve(true);
      });
    });
    const listens = await within(START_MS, "Starting the server", Promise.race([listening, this.#ended.then(() => false)]));
    if (!listens && !this.#isAsked) throw new Error(`The server ended at its start:\n${this.complaints()}`);
    return listens;
  }

  /** The end of its log. */
  complaints(): string {
    return readFileSync(this.log, "utf8").slice(-2000);
  }

  /**
   * Kills one worker, the primary, or all at once, with -9. With the primary, waits until its workers have ended, too, as they must.
   *
   * @param choose - Which of the workers. Where there is none, the primary is killed.
   * @returns What was killed.
   */
  async kill(part: Part, choose: (workers: readonly number[]) => number | undefined = (workers) => workers[0]): Promise<Part> {
    const workers = this.workers();
    const victim = part === "worker" ? choose(workers) : undefined;
    if (victim !== undefined) {
      signalAll([victim], "SIGKILL");
      return "worker";
    }
    this.#isAsked = true;
    signalAll(part === "everything" ? [...workers, this.pid] : [this.pid], "SIGKILL");
    await this.#ended;
    await this.#gone(workers);
    return part === "everything" ? part : "primary";
  }

  /** Tells it to stop by SIGTERM. @returns Its exit code, or the signal that ended it, once all of its processes are gone. */
  async terminate(): Promise<number | NodeJS.Signals> {
    if (this.#child === undefined) return 0;
    const workers = this.workers();
    this.#isAsked = true;
    signalAll([this.pid], "SIGTERM");
    const code = await within(END_MS, "Stopping the server", this.#ended);
    await this.#gone(workers);
    return code;
  }

  /** Waits for an end that someone else brings about. */
  ended(): Promise<number | NodeJS.Signals> {
    return this.#ended;
  }

  /** From now on its end is part of the test, not a crash. */
  expectEnd(): void {
    this.#isAsked = true;
  }

  async #gone(pids: readonly number[]): Promise<void> {
    try {
      await until(END_MS, "Workers without a primary end", () => !pids.some(isRunning));
    } finally {
      signalAll(pids, "SIGKILL");
    }
    this.#forget();
  }
}
