import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { cleanEnv } from "../cli/command.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A block of code in a page of the documentation. */
export interface Block {
  readonly language: string;
  readonly code: string;
}

/** The blocks of `docs/NAME`, in order. */
export function blocksOf(name: string): readonly Block[] {
  const page = readFileSync(`${ROOT}docs/${name}`, "utf8");
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", code = ""]) => ({ language, code }));
}

/** The n-th block of a language. */
export function blockOf(name: string, language: string, index = 0): string {
  const block = blocksOf(name).filter((one) => one.language === language)[index];
  if (block === undefined) throw new Error(`docs/${name} has no such block: ${language}, ${index + 1}.`);
  return block.code;
}

/** The program that takes a block on its standard input. Node resolves `artesian` from the working directory. */
const PROGRAMS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  js: [process.execPath, "--input-type=module"],
  php: ["php"],
  python: ["/usr/bin/python3", "-B", "-"],
  sh: ["bash", "-euo", "pipefail"],
};

/** What a shell must have so that `npx artesian` is the command as it was built, whatever the working directory. */
const NPX: Readonly<Record<string, string>> = { artesian: "packages/hub/dist/cli/main.js", "artesian-demo": "demo/dist/main.js" };
const CASES = Object.entries(NPX).map(([name, main]) => `${name}) "${process.execPath}" "${ROOT}${main}" "\${@:2}" ;;`);
const SHELL = `npx() { case "$1" in ${CASES.join(" ")} *) return 1 ;; esac; }\n`;

/** A block that runs. */
export interface RunningBlock {
  /** What it has printed, once it has ended; it must have ended well. */
  readonly output: Promise<string>;
  /** The next whole line that it prints. */
  nextLine(): Promise<string>;
  kill(): void;
}

/** Runs a block as it is; it ends with the test. */
export function run(language: string, code: string, env: Readonly<Record<string, string>>, cwd: string = ROOT): RunningBlock {
  const [program, ...args] = PROGRAMS[language] ?? [];
  if (program === undefined) throw new Error(`No program runs ${language}.`);
  const child = spawn(program, args, { cwd, env: { ...cleanEnv(), no_proxy: "127.0.0.1", ...env } });
  let stdout = "";
  let stderr = "";
  let taken = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    child.emit("printed");
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const closed = once(child, "close").then(([status]) => status as number | null);
  void closed.then(() => child.emit("printed"));
  onTestFinished(async () => {
    child.kill();
    await closed;
  });
  child.stdin.end((language === "sh" ? SHELL : "") + code);
  return {
    output: closed.then((status) => {
      if (status !== 0) throw new Error(`The block ended with ${status}.\n${stdout}\n${stderr}`);
      return stdout;
    }),
    async nextLine() {
      for (;;) {
        const end = stdout.indexOf("\n", taken);
        if (end !== -1) {
          const line = stdout.slice(taken, end);
          taken = end + 1;
          return line;
        }
        if (child.exitCode !== null) throw new Error(`The block ended.\n${stdout}\n${stderr}`);
        await once(child, "printed");
      }
    },
    kill: () => void child.kill(),
  };
}

/**
 * Takes a session in a shell apart at the server that it starts.
 *
 * @returns The lines before it, the server's arguments, and the lines after it.
 */
export function splitAtServe(code: string): { readonly before: string; readonly args: readonly string[]; readonly after: string } {
  const match = /^npx artesian serve ?(.*)\n/m.exec(code);
  if (match === null) throw new Error(`No line starts a server:\n${code}`);
  const args = (match[1] ?? "").split(/\s+/).filter((arg) => arg !== "");
  return { before: code.slice(0, match.index), args, after: code.slice(match.index + match[0].length) };
}
