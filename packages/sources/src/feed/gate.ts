/** Limits concurrent work. */
export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** @param width - Most tasks at a time. */
export function createGate(width: number): Gate {
  let free = width;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    // A finished task hands its place over, so no later task can take it first.
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
