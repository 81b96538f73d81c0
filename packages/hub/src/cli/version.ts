import { createRequire } from "node:module";
import { z } from "zod";

/**
 * The version in package.json, found by the package's own name so that it works from the sources
 * and from `dist/`.
 */
export const VERSION: string = z.object({ version: z.string() }).parse(createRequire(import.meta.url)("artesian/package.json")).version;
