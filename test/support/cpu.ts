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
