const cleanups = new Set<() => void>();

/**
 * Runs something when this process ends, however it ends but by SIGKILL. Must be synchronous.
 *
 * @returns Runs it now instead.
 */
export function atEnd(cleanup: () => void): () => void {
  cleanups.add(cleanup);
  return () => {
    if (cleanups.delete(cleanup)) cleanup();
  };
}

/** Makes every end of this process clean up. */
export function cleanUpAtTheEnd(): void {
  process.on("exit", () => {
    for (const cleanup of [...cleanups].toReversed()) {
      try {
        cleanup();
      } catch (error) {
        console.error(`faults: cleaning up: ${String(error)}`);
      }
    }
  });
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(signal, () => process.exit(status));
  }
}

/** Sends a signal to processes that may have ended. @returns How many were there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): number {
  let count = 0;
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
      count++;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  return count;
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
