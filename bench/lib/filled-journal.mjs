// A journal with a known number of rows, and the ids on them.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

import { BenchError, atEnd } from "./processes.mjs";

/** @typedef {import("../../packages/hub/src/core/journal/journal.ts").Journal} Journal */

/** Rows appended first and trimmed away again, so that there are ids that were held once. */
export const TRIMMED = 1_000;
const BATCH = 1_000;
const BATCHES_AT_ONCE = 8;
const DATA = "x".repeat(100);

/** @param {number} value */
function mix(value) {
  let bits = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * The id of the n-th row: shaped like a random UUID, so that neighbours in the journal are far apart in the index,
 * which is the worst case for one; and computed, so that it need not be remembered.
 *
 * @param {number} n
 */
export function idOf(n) {
  const hex = [1, 2, 3, 4]
    .map((salt) =>
      mix(mix(n) + Math.imul(salt, 0x9e3779b9))
        .toString(16)
        .padStart(8, "0"),
    )
    .join("");
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * A new log in a temporary directory.
 *
 * @param {typeof import("../../packages/hub/src/journals/log/index.ts").logJournal} logJournal
 * @param {{ parentDirectory: string, retention?: import("../../packages/hub/src/core/journal/journal.ts").Retention }} options
 * @returns {Promise<{ journal: Journal, close: () => Promise<void> }>}
 */
export async function openTemporaryJournal(logJournal, { parentDirectory, retention }) {
  const directory = mkdtempSync(join(parentDirectory, "journal-"));
  const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const journal = await logJournal({ directory, retention });
  const close = async () => {
    await journal.close();
    remove();
  };
  return { journal, close };
}

/**
 * Fills a new journal that keeps so many rows, through its public interface. Row n, from 1, has `idOf(n)` and the offset n; the first
 * {@link TRIMMED} are gone.
 *
 * @param {Journal} journal
 * @param {{ rows: number, onProgress?: (share: number) => void }} options
 */
export async function fillJournal(journal, { rows, onProgress }) {
  const total = rows + TRIMMED;
  for (let next = 1; next <= total;) {
    /** @type {Promise<unknown>[]} */
    const appends = [];
    for (; appends.length < BATCHES_AT_ONCE && next <= total; next += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, total - next + 1) }, (_, i) => ({
        topics: [`bench/${(next + i) % 100}`],
        data: DATA,
        id: idOf(next + i),
        type: undefined,
        retry: undefined,
        private: false,
      }));
      appends.push(journal.append(batch));
    }
    await Promise.all(appends);
    onProgress?.((next - 1) / total);
  }
  if (journal.tail() !== total || journal.head() !== TRIMMED + 1) {
    throw new BenchError(`the journal holds ${journal.head()} to ${journal.tail()} instead of ${TRIMMED + 1} to ${total}`);
  }
}
