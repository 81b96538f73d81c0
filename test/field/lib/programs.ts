import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable } from "node:stream";
import { cleanEnv } from "../../cli/command.ts";
import { removeDirectory } from "../../support/directory.ts";

/** Registers what undoes a step, such as vitest's `onTestFinished`. The last one registered runs first. */
export type AtEnd = (undo: () => Promise<void>) => void;

/** A stack of steps to undo, for a file's `afterAll`. */
export interface Cleanup {
  readonly atEnd: AtEnd;
  run(): Promise<void>;
}

export function createCleanup(): Cleanup {
  const undos: (() => Promise<void>)[] = [];
  return {
    atEnd: (undo) => void undos.push(undo),
    async run() {
      for (const undo of undos.splice(0).toReversed()) await undo();
    },
  };
}

/** A directory that is deleted at the end. */
export async function temporaryFolder(atEnd: AtEnd): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "artesian-field-"));
  atEnd(() => removeDirectory(folder));
  return folder;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running program. The program ends at the end. */
export interface Program {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Everything written to both outputs, for error messages. */
  readonly written: () => string;
  readonly hasEnded: () => boolean;
  readonly ended: Promise<void>;
}

/** @throws If the program can't be started, through `ended`. */
export function startProgram(atEnd: AtEnd, command: string, args: readonly string[], options: ProgramOptions = {}): Program {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...withoutProxies(), ...options.env },
  });
  let written = "";
  let hasEnded = false;
  const end = (): void => void (hasEnded = true);
  for (const output of [child.stdout, child.stderr]) output.setEncoding("utf8").on("data", (text: string) => (written += text));
  const ended = once(child, "close").then(() => undefined);
  const settled = ended.catch((error: unknown) => void (written += String(error))).then(end);
  atEnd(async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
    await settled;
    clearTimeout(timer);
  });
  return { child, written: () => written, hasEnded: () => hasEnded, ended: settled };
}

/** Runs a program to its end. @throws If its status is not 0. */
export async function runProgram(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<void> {
  const cleanup = createCleanup();
  const program = startProgram(cleanup.atEnd, command, args, options);
  await program.ended;
  if (program.child.exitCode !== 0) throw new Error(`${command} ${args.join(" ")} failed.\n${program.written()}`);
}

/** Waits until a port of the loopback accepts connections. @throws If the program ends before. */
export async function untilListening(program: Program, port: number): Promise<void> {
  for (;;) {
    if (program.hasEnded()) throw new Error(`The server ended.\n${program.written()}`);
    const socket = connect(port, "127.0.0.1");
    const accepted = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (accepted) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Everything is on the loopback, which the environment's proxies can't reach. Debian's servers are where the superuser's PATH leads. */
function withoutProxies(): Record<string, string> {
  const kept = Object.entries(cleanEnv()).filter(([name]) => !/_proxy$/i.test(name));
  return { ...Object.fromEntries(kept), PATH: [process.env["PATH"], "/usr/sbin", "/usr/local/sbin"].join(delimiter) };
}
