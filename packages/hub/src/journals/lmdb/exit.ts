/** The journals of this process that are writing. */
const writing = new Set<object>();
let isWatching = false;

/**
 * Notes whether a journal is writing, for the end of the process.
 *
 * A process that exits waits for its threads, and the thread that writes waits for a callback that is not run any more. Such a process would never
 * end, and while it holds the lock of all writers, every other process of the journal would hang too. So where the two meet, the process kills
 * itself: what it had acknowledged is committed, and the system lets go of the lock. What is lost is the exit code.
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
