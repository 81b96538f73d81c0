// Servers that come as Debian's packages.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Where a program is; also in the folders of the administrator, which others may not have in their path.
 *
 * @param {string} name
 * @returns {string | undefined}
 */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      if (!existsSync(file)) return false;
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** @param {string} name of a package */
export function packageVersion(name) {
  const { stdout, status } = spawnSync("dpkg-query", ["-W", "-f", "${Version}", name], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : "of unknown version";
}
