// `node --import ./no-sync.mjs main.js` runs the hub with a journal that is not durable: LMDB is told to acknowledge without flushing. It is the
// control of the power cuts: with it they must lose updates, or they prove nothing.
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

const SOURCE = `
import * as lmdb from "lmdb";
export const open = (options) => lmdb.open({ ...options, noSync: true });
`;

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(specifier, context);
  // The journal's import; that of the module below is another's.
  return specifier === "lmdb" && context.parentURL?.includes("/journals/lmdb/")
    ? { ...resolved, url: `${resolved.url}?no-sync` }
    : resolved;
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.endsWith("?no-sync")) return nextLoad(url, context);
  return { format: "module", source: SOURCE, shortCircuit: true };
}

// The hooks are this file again, in a thread of theirs.
if (isMainThread) register(import.meta.url);
