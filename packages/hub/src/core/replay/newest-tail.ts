import type { Journal } from "../journal/journal.ts";

/**
 * Finds the newest offset of the engine, even if another process appended the record and this
 * process has not followed yet. Requests that come while the engine is being asked share the next
 * question, because the answer under way may be older than the requests.
 */
export class NewestTail {
  readonly #journal: Journal;
  #asking: Promise<unknown> = Promise.resolve();
  #next: Promise<number> | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** @throws HubError `journal_unavailable`. */
  find(): Promise<number> {
    this.#next ??= this.#askAfter(this.#asking);
    return this.#next;
  }

  async #askAfter(before: Promise<unknown>): Promise<number> {
    // Earlier callers get the failure.
    await before.catch(() => undefined);
    this.#asking = this.#next ?? before;
    this.#next = undefined;
    const journal = this.#journal;
    // Reads beyond the tail, so that the engine itself is asked.
    await journal.read(journal.tail() + 1, { maxRecords: 1, maxBytes: 1 });
    return journal.tail();
  }
}
