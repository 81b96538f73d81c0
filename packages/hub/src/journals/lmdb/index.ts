import type { RootDatabase } from "lmdb";
import { HubError } from "../../core/errors.ts";
import { type Journal, type JournalPage, type JournalRecord, MAX_FOUND, type ReadLimits } from "../../core/journal/journal.ts";
import type { IdempotentAppend, JournalIdempotency } from "../../core/journal/idempotency.ts";
import { MAX_ID_BYTES } from "../../core/limits.ts";
import { PeerExchange } from "../../core/journal/peer-exchange.ts";
import { every, nextTurn } from "../../core/scheduler.ts";
import type { JournalState } from "../../core/journal/state.ts";
import { type Update, utf8Length } from "../../core/update/update.ts";
import { GroupCommit, type TakeGroup } from "../shared/group-commit.ts";
import { checkJournalOptions } from "../shared/options.ts";
import { DURABLE_RETENTION, RetentionRule, trimWhileIdle } from "../shared/retention.ts";
import { oncePerTurn } from "./channel.ts";
import { noteWriting } from "./exit.ts";
import { Condition } from "./condition.ts";
import { Damage, reasonOf, toHubError, toReadError } from "./failure.ts";
import type { StoredState } from "./codec.ts";
import { type Databases, readRestored, readState } from "./format.ts";
import { keyedAppend, readable } from "./idempotency.ts";
import type { Mark } from "../shared/mark.ts";
import { openRoot } from "./open-root.ts";
import { type LmdbJournalOptions, OPTIONS } from "./options.ts";
import { RowReader } from "./rows.ts";
import { listEntries } from "./table.ts";
import { Tail } from "./tail.ts";
import { type LmdbAppend, Writer } from "./writer.ts";

export { backUp, declareRestored, type DeclaredRestored } from "./backup.ts";
export type { TailChannel } from "./channel.ts";
export type { LmdbJournalOptions } from "./options.ts";

/**
 * Time until another process's append is noticed: without a channel, and with a channel that lost
 * the call.
 */
const POLL_MS = { alone: 100, told: 1000 } as const;

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

class LmdbJournal implements Journal {
  readonly epoch: string;
  readonly state: JournalState = {
    commit: async (steps) => void (await this.#groups.append({ batch: [], steps, keyed: undefined })),
    entries: async (prefix, options) => {
      if (this.#closed) return [];
      this.#root.resetReadTxn();
      return this.#reading(() => listEntries(this.#databases.entries, prefix, options));
    },
  };
  readonly idempotency: JournalIdempotency = {
    append: async (attempt) => {
      const keyed = keyedAppend(attempt);
      const offsets = await this.#groups.append({ batch: attempt.batch, steps: attempt.steps ?? [], keyed });
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
  readonly #groups: GroupCommit<LmdbAppend, readonly number[]>;
  readonly #tail: Tail;
  readonly #stopLooking: () => void;
  /** Tells other processes that the tail moved. */
  readonly #post: () => void;
  /** The last known state, for when a newer version has moved the state. */
  #held: StoredState;
  #closed = false;
  readonly #mark: Mark;

  constructor(options: LmdbJournalOptions) {
    const { directory, retention = DURABLE_RETENTION, channel, onDamage } = options;
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
    this.#writer = new Writer(databases, { epoch, retention: new RetentionRule(retention), reader: this.#reader });
    this.#held = this.#writer.state();
    this.#groups = new GroupCommit({ refusal: () => this.#condition.failure, commit: (take) => this.#commit(take) });
    this.#tail = new Tail(this.#held[1], (after, upTo) => {
      this.#root.resetReadTxn();
      return this.#reading(() => this.#reader.all(after, upTo));
    });
    const look = (): void => this.#tail.advance(this.#freshState()[1]);
    const stopPolling = every(channel === undefined ? POLL_MS.alone : POLL_MS.told, () => {
      if (this.#isHere()) look();
    });
    const stopListening = channel?.listen(oncePerTurn(look));
    this.#post = channel === undefined ? () => undefined : oncePerTurn(channel.post);
    this.peers = channel?.bus && new PeerExchange(channel.bus);
    const stopTrimming = trimWhileIdle(retention, {
      head: () => this.head(),
      isOverfull: () => !this.#closed && this.#reading(() => this.#writer.isOverfull(this.#freshState())),
      dropSome: () => this.append([]),
    });
    this.#stopLooking = () => {
      stopPolling();
      stopListening?.();
      stopTrimming();
    };
  }

  get failure(): HubError | undefined {
    return this.#condition.failure;
  }

  watchFailure(onChanged: () => void): () => void {
    return this.#condition.watch(onChanged);
  }

  append(batch: readonly Update[]): Promise<readonly number[]> {
    return this.#groups.append({ batch, steps: [], keyed: undefined });
  }

  async read(after: number, limits: ReadLimits): Promise<JournalPage> {
    const [head, tail] = this.#freshState();
    return this.#reading(() => {
      if (!this.#closed) this.#writer.state();
      if (after < head - 1) return { kind: "trimmed", head };
      return this.#reader.page(after, tail, limits);
    });
  }

  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void {
    return this.#tail.follow(after, onAppended);
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
    await this.#groups.close();
    await this.#mark.settle();
    this.#tail.clear();
    await this.#closeRoot(this.#isHere());
  }

  #findKey(attempt: Pick<IdempotentAppend, "key" | "request">): ReturnType<typeof readable> {
    if (this.#closed) throw new HubError("journal_unavailable", "The journal is closed.");
    this.#root.resetReadTxn();
    return this.#reading(() => readable(this.#writer.keys.find(keyedAppend({ ...attempt, answer: undefined }))));
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
    const { seen } = this.#tail;
    if (this.#closed) return [seen + 1, seen, 0];
    if (this.#condition.failure !== undefined) return [this.#held[0], Math.max(this.#held[1], seen), this.#held[2]];
    this.#root.resetReadTxn();
    try {
      const state = readState(this.#databases.meta);
      // A replay to a tail that is gone would have no end.
      if (state !== undefined && state[1] < seen) throw new Damage("its newest updates are gone");
      if (state !== undefined) this.#held = state;
    } catch (error) {
      this.#condition.damageIn(error);
    }
    return this.#held;
  }

  /** Commits a group. @returns The offsets of each append. */
  async #commit(take: TakeGroup<LmdbAppend>): Promise<readonly (readonly number[])[]> {
    let records: readonly JournalRecord[] = [];
    let offsets: readonly (readonly number[])[] = [];
    try {
      // LMDB begins a group right after the dispatch that filled this turn, before the sockets are
      // read. A turn later, the publishes that waited during the dispatch share the group. Without
      // this turn, a load that was split once stays split, and each part costs a write to every
      // subscriber.
      await nextTurn();
      this.#isHere();
      this.#condition.check();
      noteWriting(this, true);
      // A child transaction, so that a failed write leaves nothing of the group behind. The group
      // is taken within, because appends come while the transaction waits for another process.
      await this.#root.childTransaction(() => {
        [records, offsets] = this.#writer.write(take());
      });
      if (!this.#isHere()) throw outcomeUnknown(this.#condition.failure);
      this.#writer.noteCommit(true);
    } catch (error) {
      this.#writer.noteCommit(false);
      const reason = await reasonOf(error);
      // An environment that has given up tells only readers so, and never ends another commit.
      this.#freshState();
      throw this.#condition.damageIn(reason) ?? toHubError(reason, this.#directory);
    } finally {
      noteWriting(this, false);
    }
    const last = records.at(-1);
    if (last !== undefined) {
      this.#mark.noteSoon(this.epoch, last.offset);
      // Before this process serves its own subscribers, which may be many.
      this.#post();
      this.#tail.advance(last.offset, records);
    }
    return offsets;
  }

  /** Checks whether the files are still in place. */
  #isHere(): boolean {
    this.#condition.look();
    return this.#condition.failure === undefined;
  }
}

/** A commit went into files that were moved away meanwhile. They may come back, or not. */
function outcomeUnknown(cause: HubError | undefined): HubError {
  return new HubError("outcome_unknown", "The journal's files were taken away while the update was written. It may be published or not.", {
    cause,
  });
}
