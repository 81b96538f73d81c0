import { Damage } from "./failure.ts";

/**
 * Goes through what a range of keys holds.
 *
 * @param start - Where the range begins.
 * @throws Damage if a key does not come after the one before. A damaged tree may lead back into itself, and a walk through it would have no end.
 */
export function* rising<K extends number | string, V>(
  range: Iterable<{ readonly key: K; readonly value: V }>,
  start?: K,
): Generator<{ readonly key: K; readonly value: V }, undefined> {
  let last: K | undefined;
  for (const entry of range) {
    const { key } = entry;
    if (last === undefined ? start !== undefined && !(key >= start) : !(key > last))
      throw new Damage("the keys of a tree are not in order");
    last = key;
    yield entry;
  }
}
