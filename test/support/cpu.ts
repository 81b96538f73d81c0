/** The least processor time of a few runs, in milliseconds. Time on the clock would count what else the machine does. */
export function leastMs(run: () => unknown): number {
  let least = Infinity;
  for (let round = 0; round < 5; round++) least = Math.min(least, cpuMs(run));
  return least;
}

/** The least processor time of a few runs, as a multiple of a floor's, whose runs come between. A busy machine slows both. */
export function leastToFloor(run: () => unknown, floor: () => unknown): number {
  let least = Infinity;
  let leastFloor = Infinity;
  for (let round = 0; round < 5; round++) {
    least = Math.min(least, cpuMs(run));
    leastFloor = Math.min(leastFloor, cpuMs(floor));
  }
  return least / leastFloor;
}

function cpuMs(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
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
