import { HubError } from "../errors.ts";
import type { JournalRecord } from "../journal/journal.ts";
import { LogThrottle } from "../log-throttle.ts";
import type { Logger } from "../logger.ts";
import { after, monotonicMs } from "../scheduler.ts";
import { allEntries, type JournalState, type StateStep } from "../journal/state.ts";
import { noteOf, type Update, utf8Length } from "../update/update.ts";

/** An update that is to be delivered later. */
export interface ScheduledUpdate {
  /** In milliseconds since 1970. */
  readonly deliverAt: number;
  /** With an id: the publisher's, or one made when it was scheduled. */
  readonly update: Update;
}

/** How much waits: how many updates, and their bytes of UTF-8 with their keys. */
interface Load {
  readonly count: number;
  readonly bytes: number;
}

const NOTHING: Load = { count: 0, bytes: 0 };
const UNKNOWN: Load = { count: Infinity, bytes: Infinity };
const PREFIX = "scheduled/";
/** Follows the time in a key: when it was scheduled, its number, the bytes of its value, and the process. Earlier versions wrote its characters, or left them out. */
const BYTES_IN_KEY = /\/\d+-\d+-(\d+)-[\da-f]{8}-/;
/** How many updates one commit moves into the journal: the first of several, and most. An update may have a mebibyte. */
const STEPS = { first: 16, most: 500 } as const;
/** Characters of a commit from which on the next one moves fewer updates. */
const STEP_LENGTH = 1024 * 1024;
const RETRY_MS = 1000;
/** A full table is not counted again for this long, unless something is taken out: each refusal would read all of it. */
const COUNTED_MS = 1000;
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
  readonly #limit: Load;
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
  /** What waited when it was last counted. */
  #counted: Load = UNKNOWN;
  /** What was added since, here and by other processes, and what this process is committing. */
  #addedSince: Load = NOTHING;
  #committing: Load = NOTHING;
  #counting: Promise<void> | undefined;
  /** The count counts until then if the table is full, in milliseconds of the monotonic clock. */
  #countedUntilMs = 0;

  /** @param options - `topic`: of the notes by which other processes hear of a new one; `limit`: most that waits. */
  constructor(options: { state: JournalState; topic: string; limit: Load; logger: Logger }) {
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
      // Even if the commit failed: its outcome may be unknown.
      this.#addedSince = plus(this.#addedSince, load);
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
    if (steps.length > 0) this.#countedUntilMs = 0;
    return steps.length;
  }

  /** One of the hub's notes came by the journal; or, with nothing, some may have gone by unseen. */
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
   * Takes places for updates that are about to be committed. The table is counted only if it may be full: counting reads all of it.
   * Other processes may take places at the same moment. The limit can be passed by what they commit until their notes arrive.
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

  /** No more than this waits. What was delivered since the last count is still in it. */
  get #atMost(): Load {
    return [this.#addedSince, this.#committing].reduce(plus, this.#counted);
  }

  async #count(): Promise<void> {
    try {
      const before = this.#addedSince;
      let load = NOTHING;
      for await (const { key, value } of allEntries(this.#state, PREFIX)) load = plus(load, loadOf(key, utf8Length(value)));
      this.#counted = load;
      // What was added meanwhile may have been counted or not.
      this.#addedSince = minus(this.#addedSince, before);
      this.#countedUntilMs = monotonicMs() + COUNTED_MS;
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

/** @param valueBytes - Default: as the key says. Of a key that does not, it is not known. */
function loadOf(key: string, valueBytes: number = Number(BYTES_IN_KEY.exec(key)?.[1] ?? Infinity)): Load {
  return { count: 1, bytes: key.length + valueBytes };
}

function plus(a: Load, b: Load): Load {
  return { count: a.count + b.count, bytes: a.bytes + b.bytes };
}

function minus(a: Load, b: Load): Load {
  const bytes = a.bytes - b.bytes;
  // Infinity less Infinity: what is left was counted by its keys.
  return { count: a.count - b.count, bytes: Number.isNaN(bytes) ? 0 : bytes };
}
