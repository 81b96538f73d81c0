/** Milliseconds of the machine's monotonic clock: the same in all processes, and untouched where a test moves the time of day. */
export function nowMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @throws Error when the promise takes longer. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until something holds that nothing tells of, such as that a process is gone. */
export async function until(ms: number, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = nowMs() + ms;
  while (!(await holds())) {
    if (nowMs() > deadline) throw new Error(`${what}: not within ${ms} ms.`);
    await sleep(5);
  }
}
