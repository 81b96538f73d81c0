import { readFileSync } from "node:fs";

/** With fewer descriptors, not even the program's own files can be loaded: Node opens many of them at once. */
export const LEAST_DESCRIPTORS = 256;

/** The soft limit of open files, which Node has raised to the hard one. Undefined on systems that do not tell. */
export function descriptorLimit(): number | undefined {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return match === null ? undefined : Number(match[1]);
  } catch {
    // Not Linux.
    return undefined;
  }
}
