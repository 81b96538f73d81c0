/** The journals of this process that are writing. */
const writing = new Set<object>();
let isWatching = false;

/**
 * Notes whether a journal is writing, for the end of the process.
 *
 * A process that exits waits for its threads, and the thread that writes waits for a callback that
 * no longer runs. Such a process would never end. While such a process holds the lock of all
 * writers, every other process of the journal would hang too. So a process that exits while it
 * writes kills itself. Its acknowledged updates are committed, and the system releases the lock.
 * Only the exit code is lost.
 */
export function noteWriting(journal: object, isWriting: boolean): void {
  if (!isWatching) {
    isWatching = true;
    process.on("exit", () => {
      if (writing.size > 0) process.kill(process.pid, "SIGKILL");
    });
  }
  if (isWriting) writing.add(journal);
  else writing.delete(journal);
}
