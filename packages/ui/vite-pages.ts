import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { defaultClientConditions, defineConfig, type Plugin, type UserConfig } from "vite";
import { BUILD_TARGET, OLDEST_BROWSERS } from "./src/oldest-browsers.ts";

/** Every folder of a package's `src` that has a page, with its HTML file. */
function pages(root: string): Record<string, string> {
  const apps = readdirSync(root).filter((name) => existsSync(join(root, name, "page/index.html")));
  return Object.fromEntries(apps.map((name) => [name, join(root, name, "page/index.html")]));
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
        readFileSync(join(import.meta.dirname, "src/no-start.html"), "utf8"),
      );
      return html.replace('<div id="app"></div>\n', `<div id="app"></div>\n${words}`);
    },
  };
}

/**
 * Leaves `import()` as written. Vite wraps each in a function that first loads the part's styles,
 * which costs every page code. The only part with styles loads them itself.
 */
function plainImports(): Plugin {
  return {
    name: "plain-imports",
    configResolved({ plugins }) {
      const at = plugins.findIndex(({ name }) => name === "native:import-analysis-build");
      if (at < 0) throw new Error("Vite has no plugin native:import-analysis-build. Look for the one that wraps import().");
      (plugins as Plugin[]).splice(at, 1);
    },
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk" && file.isDynamicEntry && file.viteMetadata !== undefined && file.viteMetadata.importedCss.size > 0)
          throw new Error(`Nothing loads the styles of ${file.name}. Import them with ?url, and call loadStyles().`);
      }
    },
  };
}

/**
 * Puts `index.html.texts.json` beside each page: the files of its first texts, by language. The server names them to the
 * browser with the page, which would ask for them only after the page's code has run.
 */
function firstTexts(root: string): Plugin {
  return {
    name: "first-texts",
    generateBundle(_, bundle) {
      const chunkOf = (name: string) => {
        const file = bundle[name];
        return file?.type === "chunk" ? file : undefined;
      };
      for (const page of Object.values(bundle)) {
        if (page.type !== "chunk" || page.facadeModuleId?.endsWith(".html") !== true) continue;
        const first = new Set([page.fileName]);
        for (const name of first) for (const needed of chunkOf(name)?.imports ?? []) first.add(needed);
        const texts: Record<string, string[]> = {};
        for (const name of [...first].flatMap((one) => chunkOf(one)?.dynamicImports ?? [])) {
          const [, language] = /^texts\.([\w-]+)$/.exec(chunkOf(name)?.name ?? "") ?? [];
          if (language !== undefined) (texts[language] ??= []).push(`/${name}`);
        }
        const fileName = `${relative(root, page.facadeModuleId)}.texts.json`;
        this.emitFile({ type: "asset", fileName, source: JSON.stringify(texts) });
      }
    },
  };
}

const COMPRESSED_TYPES: readonly string[] = [".css", ".html", ".js", ".svg"];

/** Puts `NAME.br` and `NAME.gz` beside each file of text. The server picks one by what the browser accepts. */
function compressed(): Plugin {
  return {
    name: "compressed",
    async writeBundle({ dir = "" }, bundle) {
      const compress = async (name: string): Promise<void> => {
        const file = join(dir, name);
        const bytes = await readFile(file);
        const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        await Promise.all([
          promisify(brotliCompress)(bytes, { params }).then((smaller) => writeFile(`${file}.br`, smaller)),
          promisify(gzip)(bytes, { level: 9 }).then((smaller) => writeFile(`${file}.gz`, smaller)),
        ]);
      };
      await Promise.all(
        Object.keys(bundle)
          .filter((name) => COMPRESSED_TYPES.includes(extname(name)))
          .map(compress),
      );
    },
  };
}

/** Modules of a page's first load. Its later parts use some of them. */
const FIRST_LOADS = {
  front: /\/src\/landing\/page\/(?:(?!main\.|texts\.(?:en|zh)|more-snippets|publisher)[\w.-]+\.(?:tsx?|svg)|layers\/layers\.css\?url)$/,
  talk: /\/src\/chat\/(?:page\/(?!main\.|texts\.(?:en|zh))[\w.-]+\.tsx?$|page\/(?:bot\/(?:bot-actions|later-parts)|mentions\/(?:mentions|wants-notice)|tools\/(?:quote-context|use-tools))\.|server\/(?!joiners))/,
  board: /\/src\/news\/(?:page\/(?:(?!main\.|texts\.(?:en|zh))[\w.-]+|ticker\/[\w-]+|keys\/(?:use-)?keys)\.tsx?$|server\/wire\.ts$)/,
} as const;

/**
 * Few files, because one file compresses better than its parts: one for all pages, and one more for each.
 * The code for publishing is with the parts that publish.
 */
const SHARED = [
  {
    name: "base",
    test: /node_modules\/preact\/|packages\/ui\/src\/(?!texts\.[\w-]+\.ts$|copy-button\.tsx$|stand-ins\.ts$)|packages\/client\/src\/(?!connect\.|latest|snapshot|queue|publish)|demo\/src\/stand-ins\.ts$/,
  },
  ...Object.entries(FIRST_LOADS).map(([name, test]) => ({ name, test })),
];

/**
 * Builds the pages of a package to its `dist/pages/`: one HTML file each, everything else hashed below `/assets/`.
 *
 * @param directory - The package's directory.
 * @param more - Plugins that make further files.
 */
export function buildOfPages(directory: string, more: readonly Plugin[] = []): UserConfig {
  const root = join(directory, "src");
  const input = pages(root);
  return defineConfig({
    root,
    // Absolute addresses: one page answers at many paths, such as `/chat/lobby`.
    base: "/",
    // The other packages from their sources.
    resolve: { conditions: ["artesian-source", ...defaultClientConditions] },
    plugins: [noStart(), ...more, plainImports(), firstTexts(root), compressed()],
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: join(directory, "dist/pages"),
      emptyOutDir: true,
      target: BUILD_TARGET,
      // Inlined assets and the preload helper's script would need holes in the content security policy.
      assetsInlineLimit: 0,
      modulePreload: {
        polyfill: false,
        resolveDependencies: (_, files, { hostType }) => (hostType === "html" ? files : files.filter((file) => file.endsWith(".css"))),
      },
      rolldownOptions: {
        input,
        output: Object.keys(input).length > 1 ? { codeSplitting: { groups: SHARED, includeDependenciesRecursively: false } } : {},
      },
    },
  });
}
