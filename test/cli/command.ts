import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { request, type IncomingMessage, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";

export const MAIN: string = fileURLToPath(new URL("../../packages/hub/dist/cli/main.js", import.meta.url));
/** The demo, which is a command of its own. */
export const DEMO: string = fileURLToPath(new URL("../../demo/dist/main.js", import.meta.url));

/** A run of the real command. */
export interface Run {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Waits until a text that matches was written; fails when the process ends first. */
  waitFor(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray>;
  /** The exit code; the signal's name when one ended it. */
  readonly exit: Promise<number | NodeJS.Signals>;
}

/** How a command is run. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The whole standard input. Default: empty. */
  readonly input?: string | Uint8Array;
  /** Whether `serve` asks for tokens. Default: everyone may do everything. */
  readonly tokens?: boolean;
  /** Leaves the standard input open. */
  readonly openInput?: boolean;
}

/** The surroundings without what would configure the command. */
export function cleanEnv(): Record<string, string> {
  const foreign = /^(ARTESIAN_|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$|VITEST)/;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined || foreign.test(name) ? [] : [[name, value]])),
  );
}

/** Starts the command as it was built. `demo` is the one of artesian-demo. */
export function start(args: readonly string[], options: RunOptions = {}): Run {
  if (!existsSync(MAIN)) throw new Error("The command is not built. Run `npm run build` first.");
  const cwd = options.cwd ?? temporaryDirectory();
  const child = spawn(process.execPath, args[0] === "demo" ? [DEMO, ...args.slice(1)] : [MAIN, ...args], {
    cwd,
    env: { ...cleanEnv(), ...options.env },
  });
  const written = { stdout: "", stderr: "" };
  let ended = false;
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      written[stream] += text;
      child.emit("written");
    });
  }
  child.once("close", () => {
    ended = true;
    child.emit("written");
  });
  const exit = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  // A command that does not read its input closes it.
  child.stdin.on("error", () => undefined);
  if (options.openInput !== true) child.stdin.end(options.input ?? "");
  return {
    child,
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
    exit,
    async waitFor(stream, pattern) {
      for (;;) {
        const match = pattern.exec(written[stream]);
        if (match !== null) return match;
        if (ended) throw new Error(`It ended without ${String(pattern)}:\n${written.stdout}\n${written.stderr}`);
        await once(child, "written");
      }
    },
  };
}

/** Runs the command to its end. */
export async function runToEnd(
  args: readonly string[],
  options?: RunOptions,
): Promise<{ code: number | NodeJS.Signals; stdout: string; stderr: string }> {
  const run = start(args, options);
  const code = await run.exit;
  return { code, stdout: run.stdout, stderr: run.stderr };
}

/** What the log on a stream says, which must have nothing else: one message a line. */
export function messagesIn(log: string): string {
  const lines = log.split("\n").filter((line) => line !== "");
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg).join("\n");
}

/** A server that runs. */
export interface RunningServer {
  readonly run: Run;
  /** Its origin. */
  readonly url: string;
  /** The hub's URL. */
  readonly hub: string;
}

/** Starts `artesian serve`, or another command, on a free port unless told otherwise. */
export async function startServer(args: readonly string[] = [], options?: RunOptions, command = "serve"): Promise<RunningServer> {
  const open = command === "serve" && options?.tokens !== true ? ["--anonymous", "--anonymous-publish"] : [];
  const run = start([command, ...(args.includes("--port") ? [] : ["--port", "0"]), ...open, ...args], options);
  const [, url = ""] = await run.waitFor("stdout", /^listening on (\S+)\n/);
  return { run, url, hub: `${url}/events/stream` };
}

/** Waits until a port of the loopback takes connections. */
export async function untilListening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
}

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Sends one request with `node:http`, which sends the header fields as they are. */
export async function send(url: string, options: RequestOptions = {}, body = ""): Promise<Answer> {
  const req = request(url, { agent: false, ...options });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of res.setEncoding("utf8")) text += chunk as string;
  return { status: res.statusCode, headers: res.headers, body: text };
}
