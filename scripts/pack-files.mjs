// Copies the documentation, the examples and the files for operators, which are at the root, into the hub's package: part of the build, and prepack of the hub. The
// copies stay, and a copy that is the same is left alone, so that several programs can pack at a time.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const hub = join(root, "packages/hub");

/** The files of a folder, or the file itself, by their paths below `base`. */
function filesOf(base, name) {
  const path = join(base, name);
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [name];
  return readdirSync(path)
    .filter((file) => file !== "node_modules" && file !== "__pycache__")
    .flatMap((file) => filesOf(base, join(name, file)));
}

for (const name of ["docs", "examples", "packaging/docker", "packaging/kubernetes", "packaging/systemd", "CHANGELOG.md", "SECURITY.md"]) {
  const files = filesOf(root, name);
  for (const file of filesOf(hub, name)) if (!files.includes(file)) rmSync(join(hub, file));
  for (const file of files) {
    const [from, to] = [join(root, file), join(hub, file)];
    const bytes = readFileSync(from);
    if (existsSync(to) && readFileSync(to).equals(bytes)) continue;
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, bytes);
  }
}
