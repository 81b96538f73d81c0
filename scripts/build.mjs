// Builds everything that is run: each package (TypeScript to its dist/), the client as one file for pages without a bundler, and the pages
// (Vite to dist/pages/ of the hub and the demo).
// `npm ci` calls it through `prepare`, so that `npm ci && npm start` is all that a newcomer types.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const PACKAGES = ["packages/client", "packages/hub", "packages/sources", "demo"];
const COMMANDS = ["packages/hub/dist/cli/main.js", "demo/dist/main.js"];

if (!existsSync(`${root}/node_modules/typescript`)) {
  // `npm install --omit=dev` runs `prepare` too, without the tools that build.
  console.error("artesian: development packages are not installed, so nothing is built. Run `npm ci` to install them.");
  process.exit(COMMANDS.every((path) => existsSync(root + path)) ? 0 : 1);
}

function run(command, args) {
  const { status, error } = spawnSync(process.execPath, [command, ...args], { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

for (const folder of PACKAGES) {
  rmSync(`${root}/${folder}/dist`, { recursive: true, force: true });
  run("node_modules/typescript/bin/tsc", ["-p", `${folder}/tsconfig.build.json`]);
}
for (const folder of ["packages/client", "packages/hub", "demo"]) {
  run("node_modules/vite/bin/vite.js", ["build", "--config", `${folder}/vite.config.ts`, "--logLevel", "warn"]);
}
const { fileSchema } = await import("../packages/hub/dist/cli/config/file-schema.js");
writeFileSync(`${root}/packages/hub/dist/artesian.schema.json`, `${JSON.stringify(fileSchema(), undefined, 2)}\n`);
run("scripts/pack-files.mjs", []);
for (const path of COMMANDS) chmodSync(`${root}/${path}`, 0o755);
