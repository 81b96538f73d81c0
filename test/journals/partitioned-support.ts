import type { Journal, JournalRecord } from "artesian";

/** A journal whose records arrive at this process when the test says so: those of two processes in different orders. */
export class HeldBack implements Pick<Journal, "follow"> {
  readonly journal: Journal;
  #waiting: JournalRecord[] = [];
  #give: (records: readonly JournalRecord[]) => void = () => undefined;

  constructor(journal: Journal) {
    this.journal = new Proxy(journal, {
      get: (target, name): unknown => {
        if (name === "follow") return this.follow.bind(this);
        if (name === "tail") return () => target.tail();
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    this.#unfollow = (after) => journal.follow(after, (records) => this.#waiting.push(...records));
  }

  readonly #unfollow: (after: number) => () => void;

  get waiting(): number {
    return this.#waiting.length;
  }

  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void {
    this.#give = onAppended;
    return this.#unfollow(after);
  }

  /** Lets the next ones arrive. */
  pass(count: number = this.#waiting.length): void {
    const records = this.#waiting.splice(0, count);
    if (records.length > 0) this.#give(records);
  }
}
