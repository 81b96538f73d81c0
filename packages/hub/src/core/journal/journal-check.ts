import { type ErrorCode, HubError } from "../errors.ts";
import type { Journal } from "./journal.ts";
import { monotonicMs, within } from "../scheduler.ts";

/** The journal is tried at most once in this time, in milliseconds, however often somebody asks. */
export const CHECK_EVERY_MS = 1000;
/** A journal that takes longer than this to answer counts as away, in milliseconds. */
export const CHECK_WAIT_MS = 1000;

/** Finds out whether updates can be appended to a journal. */
export class JournalCheck {
  readonly #journal: Pick<Journal, "append">;
  /** What the last try came to: why nothing can be appended, or undefined. */
  #found: ErrorCode | undefined;
  #foundAtMs = -Infinity;
  #trying: Promise<ErrorCode | undefined> | undefined;
  #triedAtMs = 0;

  constructor(journal: Pick<Journal, "append">) {
    this.#journal = journal;
  }

  /** @returns Why nothing can be appended; undefined if updates can. Within {@link CHECK_WAIT_MS}. */
  async failure(): Promise<ErrorCode | undefined> {
    const now = monotonicMs();
    if (now - this.#foundAtMs < CHECK_EVERY_MS) return this.#found;
    // A try that hangs is not begun a second time: it may hold a lock, or wait for one.
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
