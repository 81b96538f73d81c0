import { checkTypes } from "./names.ts";

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

/**
 * Adds a listener. The same function may be added several times.
 *
 * @returns Removes the listener.
 * @throws TypeError if the listener is no function.
 */
export function add<T extends unknown[]>(listeners: Set<(...args: T) => void>, listener: (...args: T) => void): () => void {
  checkTypes({ listener });
  const mine = (...args: T): void => listener(...args);
  listeners.add(mine);
  return () => listeners.delete(mine);
}

/** Reports an error of the program's function, which must keep nothing from the others. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
