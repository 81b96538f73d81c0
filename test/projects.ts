import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Where a test runs: alone in its process, with servers or other programs, or with a browser. */
export type Project = "unit" | "servers" | "browsers";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** `import type` is gone when the test runs. */
const IMPORTS = /(?:^(?:import|export)\s+(?!type\b)(?:[^;"]*?\sfrom\s+)?|\bimport\()"([^"]+)"/gm;
const SERVERS = /^node:(?:child_process|cluster|dgram|http|http2|https|net|tls)$/;
const BROWSERS = /^(?:playwright|puppeteer)-core$/;

/** The modules from outside of `test/` that a file imports, by itself or through helpers in `test/`. */
function importsOf(file: string, seen: Set<string> = new Set()): readonly string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const specifiers = [...readFileSync(join(ROOT, file), "utf8").matchAll(IMPORTS)].map(([, specifier]) => specifier as string);
  return specifiers.flatMap((specifier) => {
    const path = relative(ROOT, resolve(ROOT, dirname(file), specifier));
    return specifier.startsWith(".") && path.startsWith("test/") && existsSync(join(ROOT, path)) ? importsOf(path, seen) : [specifier];
  });
}

/** The project of a test file: its imports tell. */
export function projectOf(file: string): Project {
  const imports = importsOf(file);
  if (imports.some((specifier) => BROWSERS.test(specifier))) return "browsers";
  return imports.some((specifier) => SERVERS.test(specifier)) ? "servers" : "unit";
}

/** All test files but those of the project `field`, with `/` in their paths from the root. */
export function testFiles(): readonly string[] {
  return readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .map((file) => `test/${file}`)
    .filter((file) => file.endsWith(".test.ts") && !file.startsWith("test/field/"))
    .toSorted();
}
