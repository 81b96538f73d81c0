// Builds everything that is run: the package (TypeScript to dist/) and the pages (Vite to dist/pages/).
// `npm ci` calls it through `prepare`, so that `npm ci && npm start` is all that a newcomer types.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

if (!existsSync(`${root}/node_modules/typescript`)) {
  // `npm install --omit=dev` runs `prepare` too, without the tools that build.
  console.error("artesian: development packages are not installed, so nothing is built. Run `npm ci` to install them.");
  process.exit(existsSync(`${root}/dist/src/cli/main.js`) ? 0 : 1);
}

function run(command, args) {
  const { status, error } = spawnSync(process.execPath, [command, ...args], { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(`${root}/dist`, { recursive: true, force: true });
run("node_modules/typescript/bin/tsc", ["-p", "src/tsconfig.build.json"]);
run("node_modules/vite/bin/vite.js", ["build", "apps", "--logLevel", "warn"]);
chmodSync(`${root}/dist/src/cli/main.js`, 0o755);
