import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, loadConfigFromFile } from "vite";
import { afterAll, beforeAll } from "vitest";

const APPS = fileURLToPath(new URL("../../apps", import.meta.url));

/**
 * Builds the pages of an app as they are now, and the landing page, for all tests of a file; so a neighbour that is broken breaks none of them.
 *
 * @returns Where they are, once the tests run.
 */
export function buildPages(app: string): () => string {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), `artesian-${app}-`));
    const loaded = await loadConfigFromFile({ command: "build", mode: "production" }, join(APPS, "vite.config.ts"));
    const input = Object.fromEntries([app, "landing"].map((name) => [name, join(APPS, name, "page/index.html")]));
    await build({
      ...loaded?.config,
      root: APPS,
      configFile: false,
      logLevel: "error",
      build: { ...loaded?.config.build, outDir: directory, emptyOutDir: true, rolldownOptions: { input } },
    });
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  return () => directory;
}
