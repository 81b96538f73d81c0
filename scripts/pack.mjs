// Packs the published packages: `node scripts/pack.mjs FOLDER`.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export const PUBLISHED = ["packages/client", "packages/hub", "packages/sources", "demo"];

/** Packs each package into a folder; gives the names and the files of the tarballs. */
export function packAll(folder) {
  mkdirSync(folder, { recursive: true });
  const args = ["pack", "--json", "--pack-destination", folder, ...PUBLISHED.flatMap((name) => ["--workspace", name])];
  const packed = JSON.parse(
    execFileSync("npm", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 64 * 1024 * 1024 }),
  );
  return packed.map(({ name, filename, unpackedSize }) => ({ name, file: join(folder, filename), unpackedSize }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error("Usage: node scripts/pack.mjs FOLDER");
  for (const { file } of packAll(folder)) console.log(file);
}
