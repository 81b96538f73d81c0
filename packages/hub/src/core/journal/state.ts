import { sleep } from "../scheduler.ts";
import type { Update } from "../update/update.ts";

/** Text under a key, shared by all processes of a journal. */
export interface StateEntry {
  /** Printable ASCII, 1 to 1,024 characters. */
  readonly key: string;
  readonly value: string;
}

/** Tells whether a text may be the key of an entry. */
export function isStateKey(text: string): boolean {
  return /^[\x20-\x7e]{1,1024}$/.test(text);
}

/** One change of an entry, with the update that tells of it. */
export interface StateStep {
  readonly key: string;
  /** The new text, or undefined to remove the entry. */
  readonly value: string | undefined;
  /** Appended to the journal in the same commit. */
  readonly update?: Update | undefined;
}

/**
 * An optional capability of a {@link Journal}: a small table beside the records, shared by all
 * processes of the journal. The table holds presence and revocations, and is not trimmed.
 */
export interface JournalState {
  /**
   * Makes all the changes and appends their updates, in order and atomically. A step that removes
   * an absent entry does nothing, and its update is not appended. If two processes remove the same
   * entry, one tells of it.
   *
   * @throws HubError `journal_full` or `journal_unavailable`. Nothing was changed.
   */
  commit(steps: readonly StateStep[]): Promise<void>;

  /**
   * Reads entries in ascending order of their keys, as of now.
   *
   * @param prefix - Only keys that start with this.
   * @param after - Only keys that come after this key.
   * @param limit - Most entries to return.
   * @param maxLength - Characters of values after which the page may end, with at least one entry.
   *   A journal that copies the values should end there, because the copy takes one turn of the
   *   event loop.
   */
  entries(
    prefix: string,
    options: { readonly after?: string | undefined; readonly limit: number; readonly maxLength?: number | undefined },
  ): Promise<readonly StateEntry[]>;
}

const PAGE: { readonly limit: number; readonly maxLength: number } = { limit: 500, maxLength: 1024 * 1024 };

/**
 * Reads all entries with a prefix, a page at a time, so that a large table does not hold up the
 * event loop.
 *
 * @param first - Only keys that come after this key.
 */
export async function* allEntries(state: JournalState, prefix: string, first?: string): AsyncGenerator<StateEntry, undefined> {
  let after = first;
  // Characters of this turn of the event loop. The work on a value takes time as well.
  let length = 0;
  for (;;) {
    const page = await state.entries(prefix, { ...PAGE, after });
    // A page that ends at its length may be short.
    if (page.length === 0) return;
    for (const entry of page) {
      yield entry;
      length += entry.value.length;
      if (length < PAGE.maxLength) continue;
      length = 0;
      await sleep(0);
    }
    after = page.at(-1)?.key;
    if (page.length >= PAGE.limit) await sleep(0);
  }
}
