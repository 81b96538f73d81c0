// Parts of the hub that artesian-sources shares. They may change with each version.
export { makeDirectory } from "./make-directory.ts";
export { type TextUpdate, validateUpdate } from "./core/update/update.ts";
