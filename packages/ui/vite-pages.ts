import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { BUILD_TARGET, OLDEST_BROWSERS } from "./shared/oldest-browsers.ts";

/** Every app that has a page, with its HTML file. */
function pages(): Record<string, string> {
  const apps = readdirSync(import.meta.dirname).filter((name) => existsSync(join(import.meta.dirname, name, "page/index.html")));
  return Object.fromEntries(apps.map((name) => [name, `${name}/page/index.html`]));
}

/** Gives each page the words for when its code fails, which must be there before any code. */
function noStart(): Plugin {
  const { chrome, firefox, safari } = OLDEST_BROWSERS;
  const names = {
    ENGLISH_NAMES: `Chrome or Edge ${chrome}, Firefox ${firefox}, Safari ${safari}`,
    CHINESE_NAMES: `Chrome 或 Edge ${chrome}、Firefox ${firefox}、Safari ${safari}`,
  };
  return {
    name: "no-start",
    transformIndexHtml: (html) => {
      const words = Object.entries(names).reduce(
        (text, [place, name]) => text.replaceAll(place, name),
        readFileSync(join(import.meta.dirname, "shared/ui/no-start.html"), "utf8"),
      );
      return html.replace('<div id="app"></div>\n', `<div id="app"></div>\n${words}`);
    },
  };
}

/** Builds the apps' pages to `dist/pages/`: one HTML file each, everything else hashed below `/assets/`. */
export default defineConfig({
  // Absolute addresses: one page answers at many paths, such as `/chat/lobby`.
  base: "/",
  // The package's own client, from its source: a package does not find itself among its dependencies.
  resolve: { alias: { "artesian/client": new URL("../src/client/index.ts", import.meta.url).pathname } },
  plugins: [noStart()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/pages",
    emptyOutDir: true,
    target: BUILD_TARGET,
    // Inlined assets and the preload helper's script would need holes in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: pages(),
    },
  },
});
