// Lets Node run this folder's TypeScript as it is: `node --import ./test/faults/typescript.mjs test/faults/run.ts`. Node 20 can't by itself,
// and the programs here have to be processes of their own, so that they can be killed and stopped.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

/** @type {import("node:module").LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return nextLoad(url, context);
  const { transformWithOxc } = await import("vite");
  const file = fileURLToPath(url);
  const { code } = await transformWithOxc(readFileSync(file, "utf8"), file, { sourcemap: false });
  return { format: "module", source: code, shortCircuit: true };
}

// The hooks are this file again, in a thread of theirs.
if (isMainThread) register(import.meta.url);
