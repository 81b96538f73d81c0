import { sleep } from "./scheduler.ts";
import type { Update } from "./update.ts";

/** Text under a key, shared by all processes of a journal. */
export interface StateEntry {
  /** Printable ASCII, 1 to 1,024 characters. */
  readonly key: string;
  readonly value: string;
}

/** Whether a text may be the key of an entry. */
export function isStateKey(text: string): boolean {
  return /^[\x20-\x7e]{1,1024}$/.test(text);
}

/** One change of an entry, with the update that tells of it. */
export interface StateStep {
  readonly key: string;
  /** The new text; undefined removes the entry. */
  readonly value: string | undefined;
  /** Appended to the journal in the same commit. */
  readonly update?: Update | undefined;
}

/**
 * An optional capability of a {@link Journal}: a small table beside the records, which all processes of the journal share. Presence
 * and revocations live in it. It is not trimmed.
 */
export interface JournalState {
  /**
   * Makes all the changes and appends their updates, in order and as one, or nothing. A step that removes an entry which is not there
   * does nothing, and its update is not appended: of two processes that remove the same entry, one tells of it.
   *
   * @throws HubError `journal_full` or `journal_unavailable`: nothing was changed.
   */
  commit(steps: readonly StateStep[]): Promise<void>;

  /**
   * Reads entries in ascending order of their keys, as of now.
   *
   * @param prefix - Only keys that start with this.
   * @param after - Only keys that come after this one.
   * @param limit - Most entries to return.
   */
  entries(prefix: string, options: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly StateEntry[]>;
}

/**
 * Reads all entries with a prefix, a page at a time, so that a large table does not hold up the event loop.
 *
 * @param first - Only those whose keys come after this one.
 */
export async function* allEntries(state: JournalState, prefix: string, first?: string): AsyncGenerator<StateEntry, undefined> {
  let after = first;
  for (;;) {
    const page = await state.entries(prefix, { after, limit: 500 });
    yield* page;
    after = page.at(-1)?.key;
    if (after === undefined || page.length < 500) return;
    await sleep(0);
  }
}
