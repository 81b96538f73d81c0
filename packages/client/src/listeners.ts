/**
 * Calls each listener that was there before. An error of one is reported, and keeps nothing from the
 * others.
 */
export function call<T extends unknown[]>(listeners: ReadonlySet<(...args: T) => void>, ...args: T): void {
  // oxlint-disable-next-line unicorn/no-useless-spread -- a listener may change the set
  for (const listener of [...listeners]) {
    try {
      if (listeners.has(listener)) listener(...args);
    } catch (error) {
      throwLater(error);
    }
  }
}

/** Reports an error of the program's function, which must keep nothing from the others. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
