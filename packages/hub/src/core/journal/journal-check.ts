import { type ErrorCode, HubError } from "../errors.ts";
import type { Journal } from "./journal.ts";
import { monotonicMs, within } from "../scheduler.ts";

/** Shortest time between two tries of the journal, in milliseconds, for any number of callers. */
export const CHECK_EVERY_MS = 1000;
/** Time in milliseconds after which a journal without an answer counts as away. */
export const CHECK_WAIT_MS = 1000;

/** Finds out whether updates can be appended to a journal. */
export class JournalCheck {
  readonly #journal: Pick<Journal, "append">;
  /** Outcome of the last try: why nothing can be appended, or undefined. */
  #found: ErrorCode | undefined;
  #foundAtMs = -Infinity;
  #trying: Promise<ErrorCode | undefined> | undefined;
  #triedAtMs = 0;

  constructor(journal: Pick<Journal, "append">) {
    this.#journal = journal;
  }

  /**
   * @returns Why nothing can be appended, or undefined if updates can. Answers within
   *   {@link CHECK_WAIT_MS}.
   */
  async failure(): Promise<ErrorCode | undefined> {
    const now = monotonicMs();
    if (now - this.#foundAtMs < CHECK_EVERY_MS) return this.#found;
    // A try that hangs is not begun a second time. The first may hold a lock, or wait for a lock.
    if (this.#trying === undefined) {
      this.#triedAtMs = now;
      this.#trying = this.#try();
    }
    const outcome = await within(this.#triedAtMs + CHECK_WAIT_MS - now, this.#trying);
    return outcome === "late" ? "journal_unavailable" : outcome;
  }

  async #try(): Promise<ErrorCode | undefined> {
    const found = await this.#journal.append([]).then(
      () => undefined,
      (error: unknown) => (error instanceof HubError ? error.code : "internal"),
    );
    this.#found = found;
    this.#foundAtMs = monotonicMs();
    this.#trying = undefined;
    return found;
  }
}
