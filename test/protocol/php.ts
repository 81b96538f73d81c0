import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** A script with Debian's unchanged libraries that runs until it ends, or the test does. */
export interface PhpScript {
  /** The lines that it prints. */
  readonly lines: AsyncIterableIterator<string>;
  /** Resolves with all that it printed; rejects where it fails. */
  readonly done: Promise<readonly string[]>;
}

/** @param name - A script beside this file, in `php/`. @param options - What it is told, as JSON. */
export function runPhp(name: string, options: object): PhpScript {
  const path = fileURLToPath(new URL(`php/${name}.php`, import.meta.url));
  // Without the environment's proxies: all is on the loopback. PHP 8.2 reports the libraries' age, which is not the test's business.
  const child = spawn("php", ["-d", "error_reporting=E_ALL&~E_DEPRECATED", path, JSON.stringify(options)], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const printed: string[] = [];
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => void printed.push(line));
  const done = new Promise<readonly string[]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`${name}.php ended with ${code}: ${printed.join("\n")}\n${errors}`));
    });
  });
  // Whoever reads lines learns of a failure by `done`, at the end.
  done.catch(() => undefined);
  return { lines: reader[Symbol.asyncIterator]() as AsyncIterableIterator<string>, done };
}
