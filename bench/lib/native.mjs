// The programs in C: the floor and the load generator.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";

import { inRepository } from "./machine.mjs";
import { BenchError } from "./processes.mjs";

/** @type {Readonly<Record<"floor" | "load", { folder: string, only?: string }>>} */
const PROGRAMS = { floor: { folder: "bench/native", only: "floor.c" }, load: { folder: "bench/native/load" } };

/** @param {keyof typeof PROGRAMS} name */
export const nativeProgram = (name) => inRepository(`bench/build/${name}`);

/** @param {readonly string[]} args */
function compile(args) {
  const { error, status, stderr } = spawnSync("cc", ["-O2", "-Wall", ...args], { encoding: "utf8" });
  if (error) throw new BenchError("a C compiler is needed for the floor and the load generator: apt-get install gcc libc6-dev");
  return { ok: status === 0, stderr };
}

/** Why the load generator can't decode gzip, if so. */
export function missingZlib() {
  const { error, status } = spawnSync("cc", ["-fsyntax-only", "-x", "c", "-"], { input: "#include <zlib.h>\n" });
  return !error && status === 0 ? undefined : "the load generator needs zlib to decode it: apt-get install zlib1g-dev";
}

/** Compiles `native/` where a program is missing or older than its source. */
export function compileNative() {
  mkdirSync(inRepository("bench/build"), { recursive: true });
  for (const name of /** @type {const} */ (["floor", "load"])) {
    const { folder, only } = PROGRAMS[name];
    const sources = (only ? [only] : readdirSync(inRepository(folder)))
      .filter((file) => /\.[ch]$/.test(file))
      .map((file) => inRepository(`${folder}/${file}`));
    const program = nativeProgram(name);
    const built = existsSync(program) ? statSync(program).mtimeMs : 0;
    if (sources.every((file) => statSync(file).mtimeMs < built)) continue;
    process.stderr.write(`bench: compiling ${name}\n`);
    const zlib = name === "load" && missingZlib() === undefined;
    const files = sources.filter((file) => file.endsWith(".c"));
    const { ok, stderr } = compile(["-o", program, ...(zlib ? ["-DWITH_ZLIB"] : []), ...files, ...(zlib ? ["-lz"] : [])]);
    if (!ok) throw new BenchError(`compiling ${name} failed (is libc6-dev installed?):\n${stderr}`);
  }
}
