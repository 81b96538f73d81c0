// The product as built. `bench/` is a package of its own, so that `import "artesian"` would look for an installed one.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { inRepository } from "./machine.mjs";
import { BenchError } from "./processes.mjs";

/** @returns {Promise<typeof import("../../packages/hub/src/index.ts")>} */
export const importArtesian = () => importBuilt("artesian");

/** @returns {Promise<typeof import("../../packages/hub/src/http/index.ts")>} */
export const importArtesianHttp = () => importBuilt("artesian/http");

/** @returns {Promise<typeof import("../../packages/hub/src/journals/log/index.ts")>} */
export const importLogJournal = () => importBuilt("artesian/journals/log");

/** @returns {Promise<typeof import("../../packages/hub/src/journals/memory/index.ts")>} */
export const importMemoryJournal = () => importBuilt("artesian/journals/memory");

/**
 * An inner module, for micro-benchmarks alone: what they time, such as matching, has no door of its own in the public API, and
 * through the hub's it would drown in all else that the hub does. Whatever can be measured from outside is.
 *
 * @param {string} name below `packages/hub/src/`, without its ending
 */
export const importInner = (name) => importFile(inRepository(`packages/hub/dist/${name}.js`));

/** @param {string} name */
const importBuilt = (name) => importFile(createRequire(inRepository("package.json")).resolve(name));

/** @param {string} file */
async function importFile(file) {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") {
      throw new BenchError("Artesian is not built: npm run build");
    }
    throw error;
  }
}
