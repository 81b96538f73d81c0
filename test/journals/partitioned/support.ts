import { memoryJournal } from "artesian/journals/memory";
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

  /** What waits never arrives. */
  drop(): void {
    this.#waiting = [];
  }

  /** Lets the next ones arrive. */
  pass(count: number = this.#waiting.length): void {
    const records = this.#waiting.splice(0, count);
    if (records.length > 0) this.#give(records);
  }
}

/** A journal that can lose all that it has. */
export class Replaceable {
  readonly journal: Journal;
  #now: Journal = memoryJournal();
  readonly #watchers = new Set<() => void>();
  readonly #followers = new Set<(records: readonly JournalRecord[]) => void>();

  constructor() {
    this.#now.follow(0, this.#give);
    const own: Partial<Record<string | symbol, unknown>> = {
      follow: (_after: number, onAppended: (records: readonly JournalRecord[]) => void) => {
        this.#followers.add(onAppended);
        return () => this.#followers.delete(onAppended);
      },
      watchReplaced: (watcher: () => void) => {
        this.#watchers.add(watcher);
        return () => this.#watchers.delete(watcher);
      },
      // It outlives the hubs.
      close: async () => undefined,
      state: {
        commit: (...all: Parameters<NonNullable<Journal["state"]>["commit"]>) => this.#now.state?.commit(...all),
        entries: (...all: Parameters<NonNullable<Journal["state"]>["entries"]>) => this.#now.state?.entries(...all),
      },
    };
    this.journal = new Proxy(this.#now, {
      get: (_, name): unknown => {
        if (name in own) return own[name];
        const value: unknown = Reflect.get(this.#now, name, this.#now);
        return typeof value === "function" ? value.bind(this.#now) : value;
      },
    });
  }

  replace(): void {
    this.#now = memoryJournal();
    this.#now.follow(0, this.#give);
    this.tell();
  }

  /** Says that it was replaced. */
  tell(): void {
    for (const watcher of this.#watchers) watcher();
  }

  readonly #give = (records: readonly JournalRecord[]): void => {
    for (const follower of this.#followers) follower(records);
  };
}
