import type { RootDatabase } from "lmdb";
import { HubError } from "../../core/errors.ts";
import {
  type Journal,
  type JournalPage,
  type JournalRecord,
  MAX_FOUND,
  type ReadLimits,
  recordBytes,
  type Retention,
} from "../../core/journal.ts";
import type { IdempotentAppend, JournalIdempotency } from "../../core/idempotency.ts";
import { MAX_ID_BYTES } from "../../core/limits.ts";
import { PeerExchange } from "../../core/peer-exchange.ts";
import { every, nextTurn } from "../../core/scheduler.ts";
import type { JournalState, StateEntry, StateStep } from "../../core/state.ts";
import { type Update, utf8Length } from "../../core/update.ts";
import { namesOf } from "../../core/names.ts";
import { checkJournalOptions } from "../options.ts";
import { oncePerTurn, type TailChannel } from "./channel.ts";
import { noteWriting } from "./exit.ts";
import { toHubError } from "./failure.ts";
import { openEntry, sealEntry, type StoredState, toStored } from "./codec.ts";
import { type Databases, readRestored, readState, writeState } from "./format.ts";
import { IdempotencyKeys, keyedAppend, type KeyedAppend, readable } from "./idempotency.ts";
import type { Mark } from "./mark.ts";
import { openRoot } from "./open-root.ts";
import { RowReader } from "./rows.ts";

export { backUp, declareRestored, type DeclaredRestored } from "./backup.ts";
export type { TailChannel } from "./channel.ts";

/** How an LMDB journal behaves. */
export interface LmdbJournalOptions {
  /** Where its files are; made when it does not exist. On a local disk: LMDB maps its file into memory. */
  readonly directory: string;
  /** Default: 1,000,000 records, 1 GiB of them, 7 days. */
  readonly retention?: Retention | undefined;
  /**
   * Tells the other processes of the journal at once that something was appended, and hears it of them. Without one, what another process appended
   * is noticed within 100 ms; with one, within a second at the most, should a call be lost. Where it has a `bus`, they also ask each other who holds a
   * stream, and for figures.
   */
  readonly channel?: TailChannel | undefined;
  /**
   * File that notes how far the journal has come, so that older data in its place are noticed. Put it where a copy of the directory does not reach. When it can't be
   * written, less is noticed. Default: `mark` in the directory.
   */
  readonly markFile?: string | undefined;
  /**
   * Called at the opening when the data are ones that were put back, from a backup for example: with that in words. The journal has begun a new epoch, so
   * that subscribers are told of a gap. Default: a warning of the process.
   */
  readonly onPutBack?: ((what: string) => void) | undefined;
  /**
   * Called when something that is read is not what was written, as after an error of the disk: with what, in words. Such a record is given to
   * nobody; subscribers are told of a gap in its place. Default: a warning of the process.
   */
  readonly onDamage?: ((what: string) => void) | undefined;
}

const OPTIONS: ReadonlySet<string> = namesOf<LmdbJournalOptions>({
  directory: true,
  retention: true,
  channel: true,
  onDamage: true,
  markFile: true,
  onPutBack: true,
});
const DEFAULT_RETENTION: Retention = { maxCount: 1_000_000, maxBytes: 1024 ** 3, maxAgeMs: 7 * 24 * 3600 * 1000 };
/** How soon what another process appended is noticed: where nobody tells of it, and where what tells of it was lost. */
const POLL_MS = { alone: 100, told: 1000 } as const;
/** Most records that one transaction drops beyond twice those it adds: dropping never makes an append slow. */
const TRIM_STEP = 1000;

/**
 * A durable journal in a directory, for one machine. Several processes may read and append at once.
 *
 * An append is acknowledged after its transaction is committed and flushed to the disk, so that it survives
 * `kill -9` and a power cut. Appends that wait for a commit share the next one.
 *
 * Data that were put back from a copy are noticed, and the journal begins a new epoch: see docs/decisions/put-back.md.
 *
 * @throws TypeError for an option that is misspelt or not valid.
 * @throws Error when the directory cannot be made or written, or holds a journal of a newer format, or one that is damaged.
 */
export function lmdbJournal(options: LmdbJournalOptions): Journal {
  checkJournalOptions("lmdbJournal()", options, OPTIONS);
  return new LmdbJournal(options);
}

type Follower = (records: readonly JournalRecord[]) => void;

interface PendingAppend {
  readonly batch: readonly Update[];
  /** Changes of the table, with further updates. */
  readonly steps: readonly StateStep[];
  readonly keyed: KeyedAppend | undefined;
  readonly resolve: (offsets: readonly number[]) => void;
  readonly reject: (error: HubError) => void;
}

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
  readonly #retention: Retention;
  readonly #root: RootDatabase;
  readonly #rows: Databases["rows"];
  readonly #ids: Databases["ids"];
  readonly #meta: Databases["meta"];
  readonly #entries: Databases["entries"];
  readonly #keys: IdempotencyKeys;
  readonly #reader: RowReader;
  readonly #closeRoot: () => Promise<void>;
  readonly #followers = new Set<Follower>();
  readonly #stopLooking: () => void;
  /** Tells other processes that the tail moved. */
  readonly #post: () => void;
  #queue: PendingAppend[] = [];
  #committing: Promise<void> | undefined;
  /** The last known state, for when a newer version has put it elsewhere. */
  #held: StoredState;
  /** Followers were given every record up to this offset. */
  #seen: number;
  #closed = false;
  readonly #mark: Mark;

  constructor({ directory, retention = DEFAULT_RETENTION, channel, markFile, onPutBack, onDamage }: LmdbJournalOptions) {
    this.#directory = directory;
    this.#retention = retention;
    const { root, rows, ids, meta, entries, keys, keyEnds, epoch, mark, close } = openRoot({ directory, markFile, onPutBack });
    this.#root = root;
    this.#rows = rows;
    this.#ids = ids;
    this.#meta = meta;
    this.#entries = entries;
    this.#keys = new IdempotencyKeys({ keys, keyEnds });
    this.epoch = epoch;
    this.#mark = mark;
    this.restoredUpTo = readRestored(meta);
    this.#closeRoot = close;
    this.#reader = new RowReader(rows, directory, onDamage);
    this.#held = this.#state();
    this.#seen = this.#held[1];
    const look = (): void => this.#advance(this.#freshState()[1]);
    const stopPolling = every(channel === undefined ? POLL_MS.alone : POLL_MS.told, look);
    const stopListening = channel?.listen(oncePerTurn(look));
    this.#post = channel === undefined ? () => undefined : oncePerTurn(channel.post);
    this.peers = channel?.bus && new PeerExchange(channel.bus);
    const trimMs = Math.min(60_000, Math.max(1000, (retention.maxAgeMs ?? Infinity) / 4));
    const stopTrimming = every(trimMs, () => void this.#trimIdle());
    this.#stopLooking = () => {
      stopPolling();
      stopListening?.();
      stopTrimming();
    };
  }

  append(batch: readonly Update[]): Promise<readonly number[]> {
    return this.#enqueue(batch, []);
  }

  async read(after: number, limits: ReadLimits): Promise<JournalPage> {
    const [head, tail] = this.#freshState();
    if (!this.#closed) this.#state();
    if (after < head - 1) return { kind: "trimmed", head };
    return this.#reader.page(after, tail, limits);
  }

  follow(after: number, onAppended: Follower): () => void {
    const missed = this.#reader.all(after, this.#seen);
    if (missed.length > 0) onAppended(missed);
    this.#followers.add(onAppended);
    return () => void this.#followers.delete(onAppended);
  }

  async find(id: string): Promise<readonly number[]> {
    // A peer may send any text as its cursor; LMDB throws at a key that is too long to be stored.
    if (utf8Length(id) > MAX_ID_BYTES || this.#closed) return [];
    this.#root.resetReadTxn();
    // An entry that leads elsewhere would make a subscriber go on from the wrong place.
    return [...this.#ids.getValues(id, { limit: MAX_FOUND })].filter((offset) => this.#reader.row(offset)?.id === id);
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
    await this.#closeRoot();
  }

  #enqueue(batch: readonly Update[], steps: readonly StateStep[], keyed?: KeyedAppend): Promise<readonly number[]> {
    if (this.#closed) return Promise.reject(new HubError("journal_unavailable", "The journal is closed."));
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, steps, keyed, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  #findKey(attempt: Pick<IdempotentAppend, "key" | "request">): ReturnType<typeof readable> {
    if (this.#closed) throw new HubError("journal_unavailable", "The journal is closed.");
    this.#root.resetReadTxn();
    return readable(this.#keys.find(keyedAppend({ ...attempt, answer: undefined })));
  }

  #list(prefix: string, { after, limit }: { readonly after?: string | undefined; readonly limit: number }): readonly StateEntry[] {
    if (this.#closed) return [];
    this.#root.resetReadTxn();
    const found: StateEntry[] = [];
    const start = after === undefined || after < prefix ? prefix : after;
    for (const { key, value } of this.#entries.getRange({ start })) {
      if (!key.startsWith(prefix) || found.length >= limit) break;
      if (key !== after) found.push({ key, value: this.#open(key, value) });
    }
    return found;
  }

  /** A table without one of its entries would let in whom a revocation keeps out: it is not read at all. */
  #open(key: string, stored: string): string {
    const value = openEntry(key, stored);
    if (value !== undefined) return value;
    throw new HubError("journal_unavailable", "The journal's table cannot be read.", { cause: new Error(`The entry ${key} is damaged.`) });
  }

  #state(): StoredState {
    const state = readState(this.#meta);
    if (state !== undefined) return state;
    // During a rolling restart: see FORMAT.
    throw new HubError(
      "journal_unavailable",
      "The journal was converted by a newer version of Artesian; this process has to be restarted.",
    );
  }

  /** The state as last committed by any process; without the reset, LMDB answers from this turn's snapshot. */
  #freshState(): StoredState {
    if (this.#closed) return [this.#seen + 1, this.#seen, 0];
    this.#root.resetReadTxn();
    const state = readState(this.#meta);
    if (state !== undefined) this.#held = state;
    return this.#held;
  }

  /** Commits what is queued, one group after the other: what arrives during a flush shares the next one. */
  async #commitAll(): Promise<void> {
    noteWriting(this, true);
    while (this.#queue.length > 0) {
      let group: PendingAppend[] = [];
      let records: JournalRecord[] = [];
      let offsets: readonly (readonly number[])[] = [];
      try {
        // LMDB begins a group right after the dispatch that filled this turn, before the sockets are
        // read. A turn later, the publishes that waited during the dispatch share the group. Without
        // it a load that was split once stays split, and each part costs a write to every subscriber.
        await nextTurn();
        // A child transaction: when a write fails, nothing of the group stays behind.
        await this.#root.childTransaction(() => {
          group = this.#queue;
          this.#queue = [];
          [records, offsets] = this.#write(group);
        });
      } catch (error) {
        const failure = await toHubError(error, this.#directory);
        for (const { reject } of group.length > 0 ? group : this.#queue.splice(0)) reject(failure);
        continue;
      }
      const last = records.at(-1);
      if (last !== undefined) {
        this.#mark.noteSoon(this.epoch, last.offset);
        // Before this process turns to its own subscribers, which may be many.
        this.#post();
        this.#advance(last.offset, records);
      }
      for (const [i, { resolve }] of group.entries()) resolve(offsets[i] as readonly number[]);
    }
    this.#committing = undefined;
    noteWriting(this, false);
  }

  /** @returns What was appended, and the offsets of each member of the group. */
  #write(group: readonly PendingAppend[]): [records: JournalRecord[], offsets: (readonly number[])[]] {
    let [head, tail, bytes] = this.#state();
    if (this.#meta.get("epoch") !== this.epoch) {
      throw new HubError("journal_unavailable", "The journal's data were put back while it was open; this process has to be restarted.");
    }
    const at = Date.now();
    const records: JournalRecord[] = [];
    const offsets: (readonly number[])[] = [];
    for (const { batch, steps, keyed } of group) {
      if (keyed !== undefined) {
        keyed.known = this.#keys.find(keyed);
        if (keyed.known !== undefined) {
          offsets.push([]);
          continue;
        }
      }
      const first = tail + 1;
      for (const update of steps.length === 0 ? batch : [...batch, ...this.#change(steps)]) {
        const record: JournalRecord = { ...update, offset: ++tail, at };
        this.#rows.putSync(record.offset, toStored(record));
        if (record.id !== undefined) this.#ids.putSync(record.id, record.offset);
        bytes += recordBytes(record);
        records.push(record);
      }
      offsets.push(Array.from({ length: tail + 1 - first }, (_, i) => first + i));
      if (keyed !== undefined && tail >= first) this.#keys.remember(keyed, first, tail);
    }
    const headBefore = head;
    [head, bytes] = this.#trim(head, tail, bytes, at, TRIM_STEP + 2 * records.length);
    if (head > headBefore) this.#keys.forgetBefore(head);
    writeState(this.#meta, [head, tail, bytes]);
    return [records, offsets];
  }

  /** @returns The updates of the steps that changed something. */
  #change(steps: readonly StateStep[]): readonly Update[] {
    return steps.flatMap(({ key, value, update }) => {
      if (value !== undefined) this.#entries.putSync(key, sealEntry(key, value));
      else if (this.#entries.get(key) === undefined) return [];
      else this.#entries.removeSync(key);
      return update === undefined ? [] : [update];
    });
  }

  #trim(head: number, tail: number, bytes: number, now: number, most: number): [head: number, bytes: number] {
    const { maxAgeMs = Infinity, maxBytes = Infinity, maxCount = Infinity } = this.#retention;
    for (let dropped = 0; head <= tail && dropped < most; dropped++) {
      const record = this.#reader.row(head);
      const tooMany = tail - head + 1 > maxCount || bytes > maxBytes;
      // One that is damaged stays for as long as what follows it: whoever reads from the beginning is told of it.
      const aged = record ?? (tooMany ? undefined : this.#reader.sound(head, tail));
      if (aged !== undefined && !tooMany && now - aged.at <= maxAgeMs) break;
      if (record?.id !== undefined) this.#ids.removeSync(record.id, head);
      this.#rows.removeSync(head);
      bytes = head === tail ? 0 : Math.max(0, bytes - (record === undefined ? 0 : recordBytes(record)));
      head++;
    }
    return [head, bytes];
  }

  /** Drops what grew too old while nothing was appended, a step at a time. */
  async #trimIdle(): Promise<void> {
    while (this.#oldestIsTooOld()) {
      try {
        await this.append([]);
      } catch {
        return; // The next append reports what is wrong.
      }
    }
  }

  #oldestIsTooOld(): boolean {
    if (this.#closed) return false;
    const [head, tail] = this.#freshState();
    if (head > tail) return false;
    const oldest = this.#reader.sound(head, tail);
    return oldest === undefined || Date.now() - oldest.at > (this.#retention.maxAgeMs ?? Infinity);
  }

  /** Gives followers what follows the last record they were given; `records`, where at hand, end at the tail. */
  #advance(tail: number, records?: readonly JournalRecord[]): void {
    if (tail <= this.#seen) return;
    const first = records?.[0];
    let appended = records ?? [];
    if (first === undefined || first.offset !== this.#seen + 1) {
      this.#root.resetReadTxn();
      appended = this.#reader.all(this.#seen, tail);
    }
    this.#seen = tail;
    for (const follower of this.#followers) follower(appended);
  }
}
