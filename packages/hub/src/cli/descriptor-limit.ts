import { readFileSync } from "node:fs";

/**
 * Fewest descriptors with which the program's own files can be loaded. Node opens many files at
 * once.
 */
export const LEAST_DESCRIPTORS = 256;

/**
 * The soft limit of open files, which Node has raised to the hard limit. Undefined if the system
 * does not tell.
 */
export function descriptorLimit(): number | undefined {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return match === null ? undefined : Number(match[1]);
  } catch {
    // Only Linux tells.
    return undefined;
  }
}
