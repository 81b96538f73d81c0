import { HubError } from "../errors.ts";
import type { JournalRecord } from "../journal/journal.ts";
import { LogThrottle } from "../log-throttle.ts";
import type { Logger } from "../logger.ts";
import { after, monotonicMs } from "../scheduler.ts";
import { allEntries, type JournalState, type StateStep } from "../journal/state.ts";
import { noteOf, type Update, utf8Length } from "../update/update.ts";

/** A scheduled update. */
export interface ScheduledUpdate {
  /** Time of delivery, in milliseconds since 1970. */
  readonly deliverAt: number;
  /** Has an id: the publisher's, or an id made when the update was scheduled. */
  readonly update: Update;
}

/** Size of the scheduled updates: their number, and their bytes of UTF-8 with their keys. */
interface Load {
  readonly count: number;
  readonly bytes: number;
}

const NOTHING: Load = { count: 0, bytes: 0 };
const UNKNOWN: Load = { count: Infinity, bytes: Infinity };
const PREFIX = "scheduled/";
/**
 * Matches the part of a key after the time of delivery: the time of scheduling, a number, the bytes
 * of the value, and the process. Earlier versions wrote the value's characters, or left them out.
 */
const BYTES_IN_KEY = /\/\d+-\d+-(\d+)-[\da-f]{8}-/;
/**
 * Number of updates that one commit moves into the journal: in the first of several commits, and at
 * most. An update may have a mebibyte.
 */
const STEPS = { first: 16, most: 500 } as const;
/** Characters of a commit above which the next commit moves fewer updates. */
const STEP_LENGTH = 1024 * 1024;
const RETRY_MS = 1000;
/**
 * How long a full table is not counted again, in milliseconds, unless an update is removed.
 * Otherwise each refusal would read the whole table.
 */
const COUNTED_MS = 1000;
/** Longest wait before the clock is read again, because the clock may be set meanwhile. */
const LONGEST_WAIT_MS = 30_000;
/** How long other processes leave an update to the process that took it, in milliseconds. */
const COURTESY_MS = 40;

/**
 * Scheduled updates, in the journal's shared table. They survive a restart. When the time comes,
 * any running process moves them into the journal, in one commit that also removes them from the
 * table.
 */
export class Schedule {
  readonly #state: JournalState;
  readonly #topic: string;
  readonly #limit: Load;
  readonly #notices: LogThrottle;
  readonly #ready: Promise<void>;
  readonly #process: string = crypto.randomUUID();
  #stopTimer: () => void = () => undefined;
  /** Earliest time at which something may be due, in milliseconds since 1970. */
  #nextAt = Infinity;
  #delivering: Promise<void> | undefined;
  #isClosed = false;
  /**
   * Counts added updates. Updates with the same time are delivered in the order in which they were
   * scheduled.
   */
  #added = 0;
  /** Size of the scheduled updates at the last count. */
  #counted: Load = UNKNOWN;
  /**
   * Size of the updates added since, here and by other processes, and of the updates that this
   * process is committing.
   */
  #addedSince: Load = NOTHING;
  #committing: Load = NOTHING;
  #counting: Promise<void> | undefined;
  /**
   * Time until which the count is valid if the table is full, in milliseconds of the monotonic
   * clock.
   */
  #countedUntilMs = 0;

  /**
   * @param options - `topic`: of the notes by which other processes hear of a new update. `limit`:
   *   most that waits.
   */
  constructor(options: { state: JournalState; topic: string; limit: Load; logger: Logger }) {
    this.#state = options.state;
    this.#topic = options.topic;
    this.#limit = options.limit;
    this.#notices = new LogThrottle(options.logger);
    this.#ready = this.#deliver();
  }

  /**
   * Schedules updates, all or none. Resolves once they are committed.
   *
   * @param commit - Commits the given steps, as {@link JournalState.commit} does.
   * @returns The result of `commit`.
   * @throws HubError `too_many_scheduled`, `journal_full` or `journal_unavailable`.
   */
  async add<T>(scheduled: readonly ScheduledUpdate[], commit: (steps: readonly StateStep[]) => Promise<T>): Promise<T> {
    await this.#ready;
    const steps = scheduled.map(({ deliverAt, update }): StateStep => {
      const value = JSON.stringify(update);
      const key = `${PREFIX}${digits(deliverAt)}/${digits(Date.now())}-${digits(++this.#added)}-${utf8Length(value)}-${this.#process}`;
      return { key, value, update: noteOf(this.#topic, key) };
    });
    const load = steps.map(({ key }) => loadOf(key)).reduce(plus, NOTHING);
    await this.#reserve(load);
    try {
      const committed = await commit(steps);
      for (const { deliverAt } of scheduled) this.#wakeAt(deliverAt);
      return committed;
    } finally {
      this.#committing = minus(this.#committing, load);
      // Even if the commit failed, because its outcome may be unknown.
      this.#addedSince = plus(this.#addedSince, load);
    }
  }

  /** Lists all scheduled updates, the next first. */
  async *list(): AsyncGenerator<ScheduledUpdate, undefined> {
    for await (const { key, value } of allEntries(this.#state, PREFIX))
      yield { deliverAt: timeOf(key), update: JSON.parse(value) as Update };
  }

  /**
   * Cancels the updates with an event id that `mayCancel` accepts.
   *
   * @returns Number of updates accepted. An update that becomes due at the same moment may still be
   *   delivered.
   */
  async cancel(id: string, mayCancel: (update: Update) => boolean): Promise<number> {
    const steps: StateStep[] = [];
    for await (const { key, value } of allEntries(this.#state, PREFIX)) {
      const update = JSON.parse(value) as Update;
      if (update.id === id && mayCancel(update)) steps.push({ key, value: undefined });
    }
    if (steps.length > 0) await this.#state.commit(steps);
    if (steps.length > 0) this.#countedUntilMs = 0;
    return steps.length;
  }

  /**
   * Handles one of the hub's notes from the journal. Undefined means that some notes may have been
   * missed.
   */
  noticed(note: JournalRecord | undefined): void {
    if (note === undefined) {
      this.#counted = UNKNOWN;
      this.#countedUntilMs = 0;
      this.#wakeAt(Date.now());
    } else if (note.data.startsWith(PREFIX) && !note.data.endsWith(this.#process)) {
      this.#addedSince = plus(this.#addedSince, loadOf(note.data));
      this.#wakeAt(timeOf(note.data) + COURTESY_MS);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.#delivering;
  }

  /**
   * Takes places for updates that are about to be committed. The table is counted only if it may be
   * full, because a count reads the whole table. Other processes may take places at the same
   * moment. Their commits can pass the limit until their notes arrive.
   */
  async #reserve(load: Load): Promise<void> {
    if (!this.#hasRoomFor(load) && monotonicMs() >= this.#countedUntilMs) {
      this.#counting ??= this.#count();
      await this.#counting;
    }
    if (!this.#hasRoomFor(load)) {
      const { count, bytes } = this.#atMost;
      this.#notices.warn(
        "full",
        { count, bytes, limit: this.#limit.count, limitBytes: this.#limit.bytes },
        "no more updates are scheduled: too many wait",
      );
      throw new HubError(
        "too_many_scheduled",
        count + load.count > this.#limit.count
          ? `${count} updates are scheduled already; at most ${this.#limit.count} may be. Publish it when it is time.`
          : `The updates that are scheduled have ${bytes} bytes already; at most ${this.#limit.bytes} may be. Publish it when it is time.`,
      );
    }
    this.#committing = plus(this.#committing, load);
  }

  #hasRoomFor(load: Load): boolean {
    const { count, bytes } = plus(this.#atMost, load);
    return count <= this.#limit.count && bytes <= this.#limit.bytes;
  }

  /**
   * Upper bound of the scheduled updates. Updates delivered since the last count are still
   * included.
   */
  get #atMost(): Load {
    return [this.#addedSince, this.#committing].reduce(plus, this.#counted);
  }

  async #count(): Promise<void> {
    try {
      const before = this.#addedSince;
      let load = NOTHING;
      for await (const { key, value } of allEntries(this.#state, PREFIX)) load = plus(load, loadOf(key, utf8Length(value)));
      this.#counted = load;
      // Updates added meanwhile may have been counted or not.
      this.#addedSince = minus(this.#addedSince, before);
      this.#countedUntilMs = monotonicMs() + COUNTED_MS;
    } finally {
      this.#counting = undefined;
    }
  }

  #wakeAt(at: number): void {
    if (this.#isClosed || at >= this.#nextAt) return;
    this.#nextAt = at;
    // A delivery under way starts the timer at its end.
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
    // From here on, an earlier time that comes up is kept, because the table may have been read
    // already.
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

  /** Moves due updates into the journal. @returns Time when the next update is due. */
  async #deliverDue(): Promise<number | undefined> {
    let taken: string | undefined;
    for (let limit: number = STEPS.first; ;) {
      // Mostly, nothing is due. Then no more than one update is read.
      const [next] = await this.#state.entries(PREFIX, { limit: 1 });
      const now = Date.now();
      if (next === undefined || timeOf(next.key) > now) return next && timeOf(next.key);
      // Happens in a damaged table. The update would be removed again and again.
      if (next.key === taken) throw new Error("A scheduled update that was taken out of the table is still there.");
      taken = next.key;
      const entries = await this.#state.entries(PREFIX, { limit });
      const due = entries.filter(({ key }) => timeOf(key) <= now);
      await this.#state.commit(due.map(({ key, value }) => ({ key, value: undefined, update: JSON.parse(value) as Update })));
      this.#countedUntilMs = 0;
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

/** @param valueBytes - Default: the bytes in the key. Unknown if the key has none. */
function loadOf(key: string, valueBytes: number = Number(BYTES_IN_KEY.exec(key)?.[1] ?? Infinity)): Load {
  return { count: 1, bytes: key.length + valueBytes };
}

function plus(a: Load, b: Load): Load {
  return { count: a.count + b.count, bytes: a.bytes + b.bytes };
}

function minus(a: Load, b: Load): Load {
  const bytes = a.bytes - b.bytes;
  // Infinity less Infinity: the remaining updates were counted by their keys.
  return { count: a.count - b.count, bytes: Number.isNaN(bytes) ? 0 : bytes };
}
