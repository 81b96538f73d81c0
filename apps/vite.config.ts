import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";

/** Every app that has a page, with its HTML file. */
function pages(): Record<string, string> {
  const apps = readdirSync(import.meta.dirname).filter((name) => existsSync(join(import.meta.dirname, name, "page/index.html")));
  return Object.fromEntries(apps.map((name) => [name, `${name}/page/index.html`]));
}

/** Builds the apps' pages to `dist/pages/`: one HTML file each, everything else hashed below `/assets/`. */
export default defineConfig({
  // Absolute addresses: one page answers at many paths, such as `/chat/lobby`.
  base: "/",
  // The package's own client, from its source: a package does not find itself among its dependencies.
  resolve: { alias: { "artesian/client": new URL("../src/client/index.ts", import.meta.url).pathname } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/pages",
    emptyOutDir: true,
    target: "es2022",
    // Inlined assets and the preload helper's script would need holes in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: pages(),
    },
  },
});
