import { fileURLToPath } from "node:url";
import { compile } from "svelte/compiler";
import { build, type Plugin } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Options of {@link bundle}. */
export interface BundleOptions {
  /** Packages that stay outside, with their sub-paths. */
  readonly external?: readonly string[];
  readonly plugins?: readonly Plugin[];
  readonly environment?: "development" | "production" | "server";
}

/** Compiles components of Svelte. */
export function svelte(generate: "client" | "server"): Plugin {
  return {
    name: "svelte",
    transform: (code, id) => (id.endsWith(".svelte") ? compile(code, { filename: id, generate, css: "injected" }).js : null),
  };
}

/** Bundles a module's text for browsers, as an application's bundler would. Packages come by their names. */
export async function bundle(
  code: string,
  { external = [], plugins = [], environment = "production" }: BundleOptions = {},
): Promise<string> {
  const entry = `${ROOT}test/bundle-entry.ts`;
  const result = await build({
    root: ROOT,
    configFile: false,
    logLevel: "silent",
    resolve: { conditions: ["artesian-source", environment === "server" ? "node" : "browser", environment, "module", "import"] },
    define: { "process.env.NODE_ENV": JSON.stringify(environment === "server" ? "production" : environment) },
    plugins: [{ name: "entry", resolveId: (id) => (id === entry ? id : null), load: (id) => (id === entry ? code : null) }, ...plugins],
    build: {
      write: false,
      minify: environment === "production",
      modulePreload: false,
      rolldownOptions: {
        input: entry,
        external: (id) => external.some((name) => id === name || id.startsWith(`${name}/`)),
        preserveEntrySignatures: "strict",
        output: { codeSplitting: false },
      },
    },
  });
  const [output] = "output" in result ? result.output : [];
  if (output === undefined) throw new Error("The bundler gave nothing.");
  return output.code;
}
