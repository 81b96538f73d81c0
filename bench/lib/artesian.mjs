// The product's public API as built. `bench/` is a package of its own, so that `import "artesian"` would look for an installed one.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { inRepository } from "./machine.mjs";
import { BenchError } from "./processes.mjs";

/** @returns {Promise<typeof import("../../src/index.ts")>} */
export const importArtesian = () => importBuilt("artesian");

/** @returns {Promise<typeof import("../../src/http/index.ts")>} */
export const importArtesianHttp = () => importBuilt("artesian/http");

/** @returns {Promise<typeof import("../../src/journals/lmdb/index.ts")>} */
export const importLmdbJournal = () => importBuilt("artesian/journals/lmdb");

/** @param {string} name */
async function importBuilt(name) {
  const file = createRequire(inRepository("package.json")).resolve(name);
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") {
      throw new BenchError("Artesian is not built: npm run build");
    }
    throw error;
  }
}
