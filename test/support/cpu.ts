/** The least processor time of a few runs, in milliseconds. Time on the clock would count what else the machine does. */
export function leastMs(run: () => unknown): number {
  let leastUs = Infinity;
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    leastUs = Math.min(leastUs, user + system);
  }
  return leastUs / 1000;
}

/** The most processor time between two turns of the event loop while something runs, in milliseconds. */
export async function longestTurnMs(run: () => Promise<unknown>): Promise<number> {
  const ended = new AbortController();
  const running = run().finally(() => ended.abort());
  let longestUs = 0;
  while (!ended.signal.aborted) {
    const before = process.cpuUsage();
    await new Promise(setImmediate);
    const { user, system } = process.cpuUsage(before);
    longestUs = Math.max(longestUs, user + system);
  }
  await running;
  return longestUs / 1000;
}
