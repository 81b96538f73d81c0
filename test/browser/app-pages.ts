import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll } from "vitest";
import { buildOfPages } from "../../packages/ui/vite-pages.ts";
import { removeDirectory } from "../support/directory.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Builds the pages of an app as they are now, and the landing page, for all tests of a file; so a neighbour that is broken breaks none of them.
 * The console is the hub's, and alone.
 *
 * @returns Where they are, once the tests run.
 */
export function buildPages(app: string): () => string {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), `artesian-${app}-`));
    const folder = join(ROOT, app === "console" ? "packages/hub" : "demo");
    const pages = app === "console" ? [app] : [app, "landing"];
    const input = Object.fromEntries(pages.map((name) => [name, join(folder, "src", name, "page/index.html")]));
    await build({
      ...buildOfPages(folder),
      configFile: false,
      logLevel: "error",
      build: { ...buildOfPages(folder).build, outDir: directory, rolldownOptions: { input } },
    });
  });
  afterAll(async () => {
    await removeDirectory(directory);
  });
  return () => directory;
}
