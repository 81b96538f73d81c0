import type { UpdateInput } from "artesian-client";

/**
 * Largest request, in bytes, well below the hub's own bound of 1 MiB. A single larger update goes
 * alone.
 */
const MAX_BYTES = 512 * 1024;

/** Splits a batch that is too large for one request, in order. */
export function requestsFor(updates: readonly UpdateInput[]): readonly (readonly UpdateInput[])[] {
  const requests: UpdateInput[][] = [];
  let bytes = Infinity;
  for (const update of updates) {
    const size = Buffer.byteLength(JSON.stringify(update)) + 1;
    if (bytes + size > MAX_BYTES) {
      requests.push([]);
      bytes = 0;
    }
    requests.at(-1)?.push(update);
    bytes += size;
  }
  return requests;
}
