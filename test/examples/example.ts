import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** An example that runs as its own process, the way its first lines say. */
export interface Example {
  /** `http://127.0.0.1:PORT`, as it printed it. */
  readonly origin: string;
  readonly url: string;
  /** Stops it as Ctrl-C or a service manager would, and tells how it ended. */
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stderr: string }>;
  /** The next line that it prints. */
  nextLine(): Promise<string>;
}

/**
 * Starts `examples/NAME` on a free port; it ends with the test.
 *
 * @param command - What runs it. Default: this Node.
 */
export async function startExample(
  name: string,
  env: Readonly<Record<string, string>> = {},
  command: readonly [string, ...string[]] = [process.execPath],
): Promise<Example> {
  const file = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  return startProgram([command[0], ...command.slice(1), file], { cwd: dirname(file), env });
}

/** Where a program runs, and how it tells its address. */
interface ProgramOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Finds the origin in the first line that has it. Default: the whole first line, as the examples print it. */
  readonly address?: RegExp;
}

/** Starts a server on a free port, if it takes `PORT`; it ends with the test. */
export async function startProgram(command: readonly [string, ...string[]], { cwd, env, address }: ProgramOptions): Promise<Example> {
  const name = command.at(-1);
  const child = spawn(command[0], command.slice(1), {
    cwd,
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const lines = readLines(child);
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${name} ended.\n${stderr}`);
    return value;
  };
  let first = await nextLine();
  if (address !== undefined) while (!address.test(first)) first = await nextLine();
  const origin = (address ?? /^listening on (http:\/\/127\.0\.0\.1:\d+)$/).exec(first)?.[1];
  if (origin === undefined) throw new Error(`${name} printed ${JSON.stringify(first)}.`);
  return {
    origin,
    url: `${origin}/events/stream`,
    nextLine,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const [code, by] = (await exited) as [number | null, NodeJS.Signals | null];
      return { code, signal: by, stderr };
    },
  };
}

function readLines(child: ChildProcessByStdio<null, Readable, Readable>): AsyncIterator<string, undefined> {
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}
