// prepack of the hub: copies the documentation and the examples, which are at the root, into the package. `--remove`, after it: takes them away.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const hub = join(root, "packages/hub");

for (const name of ["docs", "examples", "CHANGELOG.md", "SECURITY.md"]) {
  rmSync(join(hub, name), { recursive: true, force: true });
  if (!process.argv.includes("--remove")) cpSync(join(root, name), join(hub, name), { recursive: true });
}
