// npm run packages: packs the published packages as they were built, and checks the tarballs with publint and attw; then knip checks the
// repository for files, exports and dependencies that nothing uses. All versions must be the same.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packAll, PUBLISHED } from "./pack.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
let failed = false;

function check(name, command, args) {
  const { status, error } = spawnSync(process.execPath, [join(root, "node_modules", command), ...args], { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status === 0) return;
  console.error(`packages: ${name} failed`);
  failed = true;
}

for (const folder of [...PUBLISHED, "packages/ui"]) {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const others = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies });
  const wrong = [["version", manifest.version], ...others.filter(([name]) => name.startsWith("artesian"))].filter(
    ([, value]) => value !== version,
  );
  for (const [name, value] of wrong) {
    console.error(`packages: ${folder}: ${name} is ${value}, and the repository's version is ${version}`);
    failed = true;
  }
}

const folder = mkdtempSync(join(tmpdir(), "artesian-pack-"));
try {
  for (const { name, file } of packAll(folder)) {
    check(`publint of ${name}`, "publint/src/cli.js", ["run", file, "--strict"]);
    // The packages are ES modules alone. A program of CommonJS loads them by `import()`.
    if (name !== "artesian-demo")
      check(`attw of ${name}`, "@arethetypeswrong/cli/dist/index.js", [
        file,
        "--profile",
        "esm-only",
        "--exclude-entrypoints",
        "./package.json",
        "./artesian.js",
      ]);
  }
} finally {
  rmSync(folder, { recursive: true });
}
check("knip", "knip/bin/knip.js", []);
process.exitCode = failed ? 1 : 0;
