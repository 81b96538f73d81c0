/** Most partitions of a journal. An event id names a place in each of them. */
export const MAX_PARTITIONS = 16;

/** @throws TypeError if the count is out of range. */
export function checkPartitions(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_PARTITIONS) return count;
  throw new TypeError(`The partitions of a journal are a whole number from 1 to ${MAX_PARTITIONS}.`);
}

/**
 * Finds the partition of a topic, from 0, by its text (FNV-1a, 32 bits, mixed). The function must
 * never change. A topic whose updates went to two partitions would have no order.
 *
 * @param count - Number of partitions, at least 1.
 */
export function partitionOf(topic: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < topic.length; i++) hash = Math.imul(hash ^ topic.charCodeAt(i), 0x01000193);
  // The last bits of FNV depend on the last characters alone.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % count;
}
