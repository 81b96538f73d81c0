import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Returns an empty directory that is removed after the test. */
export function temporaryDirectory(name = "test"): string {
  const directory = mkdtempSync(join(tmpdir(), `artesian-${name}-`));
  onTestFinished(() => removeDirectory(directory));
  return directory;
}

/**
 * Removes a directory. Tries again while a program that is about to end still writes into it, for
 * ten seconds at most. `rmSync` of Node 20 does not see files that come between its tries.
 */
export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}
