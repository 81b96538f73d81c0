import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { onTestFinished } from "vitest";
import { bunBinary, denoBinary } from "../../scripts/runtimes.mjs";
import { type Example, startExample } from "../examples/example.ts";
import { APPS, startBuiltApp } from "./apps.ts";

const FRAMEWORKS = fileURLToPath(new URL("../../examples/frameworks/", import.meta.url));

/** What runs the applications that are not for Node. */
const RUNTIMES: Readonly<Record<string, () => readonly [string, ...string[]]>> = {
  "bun.mjs": () => [bunBinary()],
  "elysia.mjs": () => [bunBinary()],
  "deno.mjs": () => [denoBinary(), "run", "--allow-env", "--allow-net", "--allow-read", "--allow-sys"],
};

/** Starts the application of a framework, built as its users would build it. */
export async function startApp(file: string, env: Readonly<Record<string, string>> = {}): Promise<Example> {
  const app = APPS[file];
  if (app !== undefined) return startBuiltApp(app, env);
  if (!file.endsWith(".ts")) return startExample(`frameworks/${file}`, env, RUNTIMES[file]?.());
  // Beside its packages and its page.
  const built = mkdtempSync(`${FRAMEWORKS}.built-`);
  onTestFinished(() => rmSync(built, { recursive: true }));
  await build({
    configFile: false,
    logLevel: "error",
    root: FRAMEWORKS,
    oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
    build: { ssr: file, copyPublicDir: false, outDir: built, minify: false, rolldownOptions: { output: { entryFileNames: "app.mjs" } } },
    ssr: { external: true },
  });
  copyFileSync(`${FRAMEWORKS}page.html`, `${built}/page.html`);
  return startExample(`frameworks/${built.slice(FRAMEWORKS.length)}/app.mjs`, env);
}
