import { spawnSync } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGES = { artesian: "packages/hub", "artesian-client": "packages/client", "artesian-sources": "packages/sources" };

/** Entries whose types need a framework's, which need the DOM library. */
const OF_FRAMEWORKS = /\/(?:react|solid|svelte|vue)$/;

/** The other modules of the packages, as a project imports them. A file by its own name is no module. */
async function entries(): Promise<string[]> {
  const found = Object.entries(PACKAGES).map(async ([name, folder]) => {
    const { exports } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")) as { exports: Record<string, unknown> };
    return Object.keys(exports)
      .filter((entry) => !/\.js(?:on)?$/.test(entry) && !OF_FRAMEWORKS.test(entry))
      .map((entry) => `${name}${entry.slice(1)}`);
  });
  return (await Promise.all(found)).flat();
}

/** Compiles a module that uses these entries of the built packages, in another project. */
async function compile(options: Readonly<Record<string, unknown>>): Promise<string> {
  const project = temporaryDirectory();
  await mkdir(join(project, "node_modules"));
  for (const [name, folder] of Object.entries(PACKAGES)) await symlink(join(root, folder), join(project, "node_modules", name));
  await symlink(join(root, "node_modules/@types"), join(project, "node_modules/@types"));
  const names = await entries();
  const imports = names.map((name, i) => `import * as entry${i} from "${name}";`);
  const source = [
    ...imports,
    'import { createServer } from "node:http";',
    'import { createHub } from "artesian";',
    'const hub = createHub({ path: "/live" });',
    "createServer(hub.handler);",
    "const answer: Promise<Response> = hub.fetch(new Request(hub.url));",
    `console.log(answer, ${names.map((_, i) => `entry${i}`).join(", ")});`,
  ];
  const compilerOptions = {
    target: "es2022",
    lib: ["es2023"],
    types: ["node"],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    ...options,
  };
  await writeFile(join(project, "index.mts"), `${source.join("\n")}\n`);
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["index.mts"] }));
  return spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], { encoding: "utf8" }).stdout;
}

describe("the built types", () => {
  it.each([
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" },
  ])("compile without the DOM library, checked whole, with $moduleResolution resolution", async (options) => {
    expect(await compile(options)).toBe("");
  });
});
