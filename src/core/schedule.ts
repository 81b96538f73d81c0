import { HubError } from "./errors.ts";
import type { JournalRecord } from "./journal.ts";
import { LogThrottle } from "./log-throttle.ts";
import type { Logger } from "./logger.ts";
import { after } from "./scheduler.ts";
import { allEntries, type JournalState, type StateStep } from "./state.ts";
import { noteOf, type Update } from "./update.ts";

/** An update that is to be delivered later. */
export interface ScheduledUpdate {
  /** In milliseconds since 1970. */
  readonly deliverAt: number;
  /** With an id: the publisher's, or one made when it was scheduled. */
  readonly update: Update;
}

const PREFIX = "scheduled/";
/** How many updates one commit moves into the journal: the first of several, and most. An update may have a mebibyte. */
const STEPS = { first: 16, most: 500 } as const;
/** Characters of a commit from which on the next one moves fewer updates. */
const STEP_LENGTH = 1024 * 1024;
const RETRY_MS = 1000;
/** The clock is looked at again after this long, for it may be set meanwhile. */
const LONGEST_WAIT_MS = 30_000;
/** How long other processes leave an update to the one that took it. */
const COURTESY_MS = 40;

/**
 * Updates that wait for their time, in the journal's shared table: they survive a restart, and whichever process is there when it is time
 * moves them into the journal, in one commit that takes them out of the table.
 */
export class Schedule {
  readonly #state: JournalState;
  readonly #topic: string;
  readonly #limit: number;
  readonly #notices: LogThrottle;
  readonly #ready: Promise<void>;
  readonly #process: string = crypto.randomUUID();
  #stopTimer: () => void = () => undefined;
  /** Earliest time at which something may be due, in milliseconds since 1970. */
  #nextAt = Infinity;
  #delivering: Promise<void> | undefined;
  #isClosed = false;
  /** Counts what was added: those of one time are delivered in the order in which they were scheduled. */
  #added = 0;
  /** How many waited when they were last counted. Infinity if that is not known. */
  #counted = Infinity;
  /** How many were added since, here and by other processes, and how many this process is committing. */
  #addedSince = 0;
  #committing = 0;
  #counting: Promise<void> | undefined;

  /** @param options - `topic`: of the notes by which other processes hear of a new one; `limit`: most that wait. */
  constructor(options: { state: JournalState; topic: string; limit: number; logger: Logger }) {
    this.#state = options.state;
    this.#topic = options.topic;
    this.#limit = options.limit;
    this.#notices = new LogThrottle(options.logger);
    this.#ready = this.#deliver();
  }

  /**
   * Keeps updates for later, all or none. Resolves once they are committed.
   *
   * @param commit - Commits the steps that this takes, as {@link JournalState.commit} does.
   * @returns What it returned.
   * @throws HubError `too_many_scheduled`, `journal_full` or `journal_unavailable`.
   */
  async add<T>(scheduled: readonly ScheduledUpdate[], commit: (steps: readonly StateStep[]) => Promise<T>): Promise<T> {
    await this.#ready;
    await this.#reserve(scheduled.length);
    const steps = scheduled.map(({ deliverAt, update }): StateStep => {
      const key = `${PREFIX}${digits(deliverAt)}/${digits(Date.now())}-${digits(++this.#added)}-${this.#process}`;
      return { key, value: JSON.stringify(update), update: noteOf(this.#topic, key) };
    });
    try {
      const committed = await commit(steps);
      for (const { deliverAt } of scheduled) this.#wakeAt(deliverAt);
      return committed;
    } finally {
      this.#committing -= scheduled.length;
      // Even if the commit failed: its outcome may be unknown.
      this.#addedSince += scheduled.length;
    }
  }

  /** All that wait, the next one first. */
  async *list(): AsyncGenerator<ScheduledUpdate, undefined> {
    for await (const { key, value } of allEntries(this.#state, PREFIX))
      yield { deliverAt: timeOf(key), update: JSON.parse(value) as Update };
  }

  /**
   * Takes out those with an event id that `mayCancel` agrees to.
   *
   * @returns How many it agreed to. One whose time comes at the same moment may be delivered all the same.
   */
  async cancel(id: string, mayCancel: (update: Update) => boolean): Promise<number> {
    const steps: StateStep[] = [];
    for await (const { key, value } of allEntries(this.#state, PREFIX)) {
      const update = JSON.parse(value) as Update;
      if (update.id === id && mayCancel(update)) steps.push({ key, value: undefined });
    }
    if (steps.length > 0) await this.#state.commit(steps);
    return steps.length;
  }

  /** One of the hub's notes came by the journal; or, with nothing, some may have gone by unseen. */
  noticed(note: JournalRecord | undefined): void {
    if (note === undefined) {
      this.#counted = Infinity;
      this.#wakeAt(Date.now());
    } else if (note.data.startsWith(PREFIX) && !note.data.endsWith(this.#process)) {
      this.#addedSince++;
      this.#wakeAt(timeOf(note.data) + COURTESY_MS);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.#delivering;
  }

  /**
   * Takes places for updates that are about to be committed. The table is counted only if it may be full: counting reads all of it.
   * Other processes may take places at the same moment. The limit can be passed by what they commit until their notes arrive.
   */
  async #reserve(count: number): Promise<void> {
    if (!this.#hasRoomFor(count)) {
      this.#counting ??= this.#count();
      await this.#counting;
    }
    if (!this.#hasRoomFor(count)) {
      throw new HubError(
        "too_many_scheduled",
        `${this.#atMost} updates are scheduled already; at most ${this.#limit} may be. Publish it when it is time.`,
      );
    }
    this.#committing += count;
  }

  #hasRoomFor(count: number): boolean {
    return this.#atMost + count <= this.#limit;
  }

  /** No more than this many wait. Those that were delivered since the last count are still in it. */
  get #atMost(): number {
    return this.#counted + this.#addedSince + this.#committing;
  }

  async #count(): Promise<void> {
    try {
      const before = this.#addedSince;
      let count = 0;
      for await (const _ of allEntries(this.#state, PREFIX)) count++;
      this.#counted = count;
      // What was added meanwhile may have been counted or not.
      this.#addedSince -= before;
    } finally {
      this.#counting = undefined;
    }
  }

  #wakeAt(at: number): void {
    if (this.#isClosed || at >= this.#nextAt) return;
    this.#nextAt = at;
    // What is being delivered looks at it at its end.
    if (this.#delivering === undefined) this.#startTimer();
  }

  #startTimer(): void {
    this.#stopTimer();
    if (this.#isClosed || this.#nextAt === Infinity) return;
    this.#stopTimer = after(Math.min(LONGEST_WAIT_MS, Math.max(0, this.#nextAt - Date.now())), () => void this.#deliver());
  }

  #deliver(): Promise<void> {
    this.#delivering ??= this.#deliverAndWait();
    return this.#delivering;
  }

  async #deliverAndWait(): Promise<void> {
    this.#stopTimer();
    // From here on, an earlier time that comes up is kept: the table may have been read already.
    this.#nextAt = Infinity;
    let nextAt: number | undefined;
    try {
      nextAt = await this.#deliverDue();
    } catch (error) {
      this.#notices.log("error", "undelivered", { err: error }, "scheduled updates could not be delivered; trying again");
      nextAt = Date.now() + RETRY_MS;
    }
    this.#delivering = undefined;
    this.#nextAt = Math.min(this.#nextAt, nextAt ?? Infinity);
    this.#startTimer();
  }

  /** Moves what is due into the journal. @returns When the next one is. */
  async #deliverDue(): Promise<number | undefined> {
    let taken: string | undefined;
    for (let limit: number = STEPS.first; ;) {
      // Mostly, nothing is due: then no more than one update is read.
      const [next] = await this.#state.entries(PREFIX, { limit: 1 });
      const now = Date.now();
      if (next === undefined || timeOf(next.key) > now) return next && timeOf(next.key);
      // As in a damaged table: it would be taken out again and again.
      if (next.key === taken) throw new Error("A scheduled update that was taken out of the table is still there.");
      taken = next.key;
      const entries = await this.#state.entries(PREFIX, { limit });
      const due = entries.filter(({ key }) => timeOf(key) <= now);
      await this.#state.commit(due.map(({ key, value }) => ({ key, value: undefined, update: JSON.parse(value) as Update })));
      const length = due.reduce((sum, { value }) => sum + value.length, 0);
      limit = length < STEP_LENGTH ? Math.min(STEPS.most, limit * 2) : Math.max(1, limit >> 1);
    }
  }
}

function digits(value: number): string {
  return String(value).padStart(15, "0");
}

function timeOf(key: string): number {
  return Number(key.slice(PREFIX.length, PREFIX.length + 15));
}
