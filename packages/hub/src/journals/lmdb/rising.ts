import { Damage } from "./failure.ts";

/**
 * Iterates over a range of keys.
 *
 * @param start - Start of the range.
 * @throws Damage if a key does not come after the key before. A damaged tree may lead back into
 *   itself, and its iteration would have no end.
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
