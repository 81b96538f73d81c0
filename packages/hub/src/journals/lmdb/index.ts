import type { RootDatabase } from "lmdb";
import { HubError } from "../../core/errors.ts";
import {
  type Journal,
  type JournalPage,
  type JournalRecord,
  MAX_FOUND,
  type ReadLimits,
  type Retention,
} from "../../core/journal/journal.ts";
import type { IdempotentAppend, JournalIdempotency } from "../../core/journal/idempotency.ts";
import { MAX_ID_BYTES } from "../../core/limits.ts";
import { PeerExchange } from "../../core/journal/peer-exchange.ts";
import { every, nextTurn } from "../../core/scheduler.ts";
import type { JournalState, StateEntry, StateStep } from "../../core/journal/state.ts";
import { type Update, utf8Length } from "../../core/update/update.ts";
import { namesOf } from "../../core/names.ts";
import { checkJournalOptions } from "../shared/options.ts";
import { oncePerTurn, type TailChannel } from "./channel.ts";
import { noteWriting } from "./exit.ts";
import { Condition } from "./condition.ts";
import { Damage, reasonOf, toHubError, toReadError } from "./failure.ts";
import { openEntry, type StoredState } from "./codec.ts";
import { type Databases, readRestored, readState } from "./format.ts";
import { keyedAppend, type KeyedAppend, readable } from "./idempotency.ts";
import type { Mark } from "./mark.ts";
import { openRoot } from "./open-root.ts";
import { rising } from "./rising.ts";
import { RowReader } from "./rows.ts";
import { type PendingAppend, Writer } from "./writer.ts";

export { backUp, declareRestored, type DeclaredRestored } from "./backup.ts";
export type { TailChannel } from "./channel.ts";

/** Options of an LMDB journal. */
export interface LmdbJournalOptions {
  /**
   * Directory of the journal's files, made if it does not exist. Must be on a local disk, because
   * LMDB maps its file into memory.
   */
  readonly directory: string;
  /** Default: 1,000,000 records, 1 GiB of them, 7 days. */
  readonly retention?: Retention | undefined;
  /**
   * Tells the other processes of the journal at once that something was appended, and receives the
   * same from them. Without a channel, another process's append is noticed within 100 ms. With a
   * channel, the bound is a second if a call is lost. With a `bus`, the processes also ask each
   * other who holds a stream, and for figures.
   */
  readonly channel?: TailChannel | undefined;
  /**
   * File that notes how far the journal has come, so that older data in its place are noticed. Put
   * the file outside of what a copy of the directory includes. If the file can't be written, less
   * is noticed. Default: `mark` in the directory.
   */
  readonly markFile?: string | undefined;
  /**
   * Called at the opening with a description if the data were restored, from a backup for example.
   * The journal has begun a new epoch, so that subscribers are told of a gap. Default: a warning of
   * the process.
   */
  readonly onPutBack?: ((what: string) => void) | undefined;
  /**
   * Called at the opening with a description if the data of an older version were converted.
   * Default: nothing.
   */
  readonly onConverted?: ((what: string) => void) | undefined;
  /**
   * Called with a description if read data differ from the written data, as after an error of the
   * disk. The record is delivered to nobody, and subscribers are told of a gap in its place.
   * Default: a warning of the process.
   */
  readonly onDamage?: ((what: string) => void) | undefined;
  /**
   * The required epoch, for a process that joins others. No new journal is begun if the directory
   * was removed, and a journal that has taken its place is refused. Default: the existing journal,
   * or an empty one.
   */
  readonly epoch?: string | undefined;
}

const OPTIONS: ReadonlySet<string> = namesOf<LmdbJournalOptions>({
  directory: true,
  retention: true,
  channel: true,
  onDamage: true,
  markFile: true,
  onPutBack: true,
  onConverted: true,
  epoch: true,
});
const DEFAULT_RETENTION: Retention = { maxCount: 1_000_000, maxBytes: 1024 ** 3, maxAgeMs: 7 * 24 * 3600 * 1000 };
/**
 * Time until another process's append is noticed: without a channel, and with a channel that lost
 * the call.
 */
const POLL_MS = { alone: 100, told: 1000 } as const;
/** Longest time between two checks of the retention. */
const TRIM_MS = 10_000;

/**
 * A durable journal in a directory, for one machine. Several processes may read and append at once.
 *
 * An append is acknowledged after its transaction is committed and flushed to the disk, so that it
 * survives `kill -9` and a power cut. Appends that wait for a commit share the next commit.
 *
 * Restored data are noticed, and the journal then begins a new epoch. See
 * docs/decisions/put-back.md.
 *
 * @throws TypeError for an option that is misspelt or not valid.
 * @throws Error if the directory cannot be made or written. Also if its journal has a newer format,
 *   is damaged, or has another epoch than `epoch`.
 */
export function lmdbJournal(options: LmdbJournalOptions): Journal {
  checkJournalOptions("lmdbJournal()", options, OPTIONS);
  return new LmdbJournal(options);
}

type Follower = (records: readonly JournalRecord[]) => void;

class LmdbJournal implements Journal {
  readonly epoch: string;
  readonly state: JournalState = {
    commit: async (steps) => void (await this.#enqueue([], steps)),
    entries: async (prefix, options) => this.#list(prefix, options),
  };
  readonly idempotency: JournalIdempotency = {
    append: async (attempt) => {
      const keyed = keyedAppend(attempt);
      const offsets = await this.#enqueue(attempt.batch, attempt.steps ?? [], keyed);
      return readable(keyed.known) ?? { kind: "appended", offsets };
    },
    find: async (attempt) => this.#findKey(attempt),
  };
  readonly peers: PeerExchange | undefined;
  readonly restoredUpTo: number;
  readonly #directory: string;
  readonly #root: RootDatabase;
  readonly #databases: Databases;
  readonly #reader: RowReader;
  readonly #writer: Writer;
  readonly #condition: Condition;
  readonly #closeRoot: (isSound: boolean) => Promise<void>;
  readonly #followers = new Set<Follower>();
  readonly #stopLooking: () => void;
  /** Tells other processes that the tail moved. */
  readonly #post: () => void;
  #queue: PendingAppend[] = [];
  #committing: Promise<void> | undefined;
  /** The last known state, for when a newer version has moved the state. */
  #held: StoredState;
  /** Followers have every record up to this offset. */
  #seen: number;
  #closed = false;
  #isTrimming = false;
  readonly #mark: Mark;

  constructor(options: LmdbJournalOptions) {
    const { directory, retention = DEFAULT_RETENTION, channel, onDamage } = options;
    this.#directory = directory;
    const { root, epoch, mark, suspect, close, ...databases } = openRoot({ ...options, wanted: options.epoch });
    this.#root = root;
    this.#databases = databases;
    this.epoch = epoch;
    this.#mark = mark;
    this.restoredUpTo = readRestored(databases.meta);
    this.#closeRoot = close;
    this.#condition = new Condition(directory, suspect);
    // In another journal's place, the mark would say that the other is an older journal.
    mark.onlyWhile(() => this.#isHere());
    this.#reader = new RowReader(databases.rows, directory, onDamage);
    this.#writer = new Writer(databases, { epoch, retention, reader: this.#reader });
    this.#held = this.#writer.state();
    this.#seen = this.#held[1];
    const look = (): void => this.#advance(this.#freshState()[1]);
    const stopPolling = every(channel === undefined ? POLL_MS.alone : POLL_MS.told, () => {
      if (this.#isHere()) look();
    });
    const stopListening = channel?.listen(oncePerTurn(look));
    this.#post = channel === undefined ? () => undefined : oncePerTurn(channel.post);
    this.peers = channel?.bus && new PeerExchange(channel.bus);
    const trimMs = Math.min(TRIM_MS, Math.max(1000, (retention.maxAgeMs ?? Infinity) / 4));
    const stopTrimming = every(trimMs, () => void this.#trimIdle());
    this.#stopLooking = () => {
      stopPolling();
      stopListening?.();
      stopTrimming();
    };
    // The retention may have been lowered since the journal was written.
    void this.#trimIdle();
  }

  get failure(): HubError | undefined {
    return this.#condition.failure;
  }

  watchFailure(onChanged: () => void): () => void {
    return this.#condition.watch(onChanged);
  }

  append(batch: readonly Update[]): Promise<readonly number[]> {
    return this.#enqueue(batch, []);
  }

  async read(after: number, limits: ReadLimits): Promise<JournalPage> {
    const [head, tail] = this.#freshState();
    return this.#reading(() => {
      if (!this.#closed) this.#writer.state();
      if (after < head - 1) return { kind: "trimmed", head };
      return this.#reader.page(after, tail, limits);
    });
  }

  follow(after: number, onAppended: Follower): () => void {
    const missed = this.#reading(() => this.#reader.all(after, this.#seen));
    if (missed.length > 0) onAppended(missed);
    this.#followers.add(onAppended);
    return () => void this.#followers.delete(onAppended);
  }

  async find(id: string): Promise<readonly number[]> {
    // A peer may send any text as its cursor. LMDB throws at a key that is too long to be stored.
    if (utf8Length(id) > MAX_ID_BYTES || this.#closed) return [];
    this.#root.resetReadTxn();
    return this.#reading(() => {
      const found = [...this.#databases.ids.getValues(id, { limit: MAX_FOUND })];
      // A wrong index entry would make a subscriber resume from the wrong place.
      return found.filter((offset) => this.#reader.row(offset)?.id === id);
    });
  }

  tail(): number {
    return this.#freshState()[1];
  }

  head(): number {
    return this.#freshState()[0];
  }

  bytes(): number {
    return this.#freshState()[2];
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopLooking();
    this.peers?.close();
    await this.#committing;
    await this.#mark.settle();
    this.#followers.clear();
    await this.#closeRoot(this.#isHere());
  }

  #enqueue(batch: readonly Update[], steps: readonly StateStep[], keyed?: KeyedAppend): Promise<readonly number[]> {
    if (this.#closed) return Promise.reject(new HubError("journal_unavailable", "The journal is closed."));
    if (this.#condition.failure !== undefined) return Promise.reject(this.#condition.failure);
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, steps, keyed, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  #findKey(attempt: Pick<IdempotentAppend, "key" | "request">): ReturnType<typeof readable> {
    if (this.#closed) throw new HubError("journal_unavailable", "The journal is closed.");
    this.#root.resetReadTxn();
    return this.#reading(() => readable(this.#writer.keys.find(keyedAppend({ ...attempt, answer: undefined }))));
  }

  #list(prefix: string, { after, limit, maxLength = Infinity }: Parameters<JournalState["entries"]>[1]): readonly StateEntry[] {
    if (this.#closed) return [];
    this.#root.resetReadTxn();
    const start = after === undefined || after < prefix ? prefix : after;
    return this.#reading(() => {
      const found: StateEntry[] = [];
      let length = 0;
      for (const { key, value } of rising(this.#databases.entries.getRange({ start }), start)) {
        if (!key.startsWith(prefix) || found.length >= limit || length >= maxLength) break;
        if (key === after) continue;
        const entry = { key, value: this.#open(key, value) };
        found.push(entry);
        length += entry.value.length;
      }
      return found;
    });
  }

  /**
   * Decodes an entry of the table. A table without a damaged entry would let revoked tokens in, so
   * the table is not read at all.
   */
  #open(key: string, stored: string): string {
    const value = openEntry(key, stored);
    if (value !== undefined) return value;
    throw new HubError("journal_unavailable", "The journal's table cannot be read.", { cause: new Error(`The entry ${key} is damaged.`) });
  }

  /**
   * Runs a read of the file. @throws HubError if the journal can't be used, or the read shows
   * damage.
   */
  #reading<T>(look: () => T): T {
    this.#condition.check();
    try {
      return look();
    } catch (error) {
      throw this.#condition.damageIn(error) ?? toReadError(error);
    }
  }

  /**
   * The state as last committed by any process. Without the reset, LMDB answers from this turn's
   * snapshot. Returns the known state if the file has none, because timers ask for it.
   */
  #freshState(): StoredState {
    if (this.#closed) return [this.#seen + 1, this.#seen, 0];
    if (this.#condition.failure !== undefined) return [this.#held[0], Math.max(this.#held[1], this.#seen), this.#held[2]];
    this.#root.resetReadTxn();
    try {
      const state = readState(this.#databases.meta);
      // A replay to a tail that is gone would have no end.
      if (state !== undefined && state[1] < this.#seen) throw new Damage("its newest updates are gone");
      if (state !== undefined) this.#held = state;
    } catch (error) {
      this.#condition.damageIn(error);
    }
    return this.#held;
  }

  /**
   * Commits the queue, one group after the other. Appends that arrive during a flush share the next
   * group.
   */
  async #commitAll(): Promise<void> {
    noteWriting(this, true);
    while (this.#queue.length > 0) {
      let group: PendingAppend[] = [];
      let records: JournalRecord[] = [];
      let offsets: readonly (readonly number[])[] = [];
      try {
        // LMDB begins a group right after the dispatch that filled this turn, before the sockets
        // are read. A turn later, the publishes that waited during the dispatch share the group.
        // Without this turn, a load that was split once stays split, and each part costs a write to
        // every subscriber.
        await nextTurn();
        this.#isHere();
        this.#condition.check();
        // A child transaction, so that a failed write leaves nothing of the group behind.
        await this.#root.childTransaction(() => {
          group = this.#queue;
          this.#queue = [];
          [records, offsets] = this.#writer.write(group);
        });
        if (!this.#isHere()) throw outcomeUnknown(this.#condition.failure);
        this.#writer.noteCommit(true);
      } catch (error) {
        this.#writer.noteCommit(false);
        const reason = await reasonOf(error);
        // An environment that has given up tells only readers so, and never ends another commit.
        this.#freshState();
        const failure = this.#condition.damageIn(reason) ?? toHubError(reason, this.#directory);
        for (const { reject } of group.length > 0 ? group : this.#queue.splice(0)) reject(failure);
        continue;
      }
      const last = records.at(-1);
      if (last !== undefined) {
        this.#mark.noteSoon(this.epoch, last.offset);
        // Before this process serves its own subscribers, which may be many.
        this.#post();
        this.#advance(last.offset, records);
      }
      for (const [i, { resolve }] of group.entries()) resolve(offsets[i] as readonly number[]);
    }
    this.#committing = undefined;
    noteWriting(this, false);
  }

  /** Drops records beyond the retention while nothing is appended, one step at a time. */
  async #trimIdle(): Promise<void> {
    if (this.#isTrimming) return;
    this.#isTrimming = true;
    try {
      for (let last = -1, head = this.head(); head > last && this.#isOverfull(); last = head, head = this.head()) await this.append([]);
    } catch {
      // The next append reports the error, and the next check tries again.
    } finally {
      this.#isTrimming = false;
    }
  }

  #isOverfull(): boolean {
    return !this.#closed && this.#reading(() => this.#writer.isOverfull(this.#freshState()));
  }

  /** Checks whether the files are still in place. */
  #isHere(): boolean {
    this.#condition.look();
    return this.#condition.failure === undefined;
  }

  /** Gives followers the records after their last one. `records`, if at hand, end at the tail. */
  #advance(tail: number, records?: readonly JournalRecord[]): void {
    if (tail <= this.#seen) return;
    const first = records?.[0];
    let appended = records ?? [];
    if (first === undefined || first.offset !== this.#seen + 1) {
      this.#root.resetReadTxn();
      try {
        appended = this.#reading(() => this.#reader.all(this.#seen, tail));
      } catch {
        return; // Followers get them at the next check, or the journal is known to be damaged.
      }
    }
    this.#seen = tail;
    for (const follower of this.#followers) follower(appended);
  }
}

/** A commit went into files that were moved away meanwhile. They may come back, or not. */
function outcomeUnknown(cause: HubError | undefined): HubError {
  return new HubError("outcome_unknown", "The journal's files were taken away while the update was written. It may be published or not.", {
    cause,
  });
}
