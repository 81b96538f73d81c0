import { mkdirSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { createEpoch } from "../../core/cursor.ts";
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
import { MAX_ID_BYTES } from "../../core/limits.ts";
import { PeerExchange } from "../../core/peer-exchange.ts";
import { every } from "../../core/scheduler.ts";
import type { JournalState, StateEntry, StateStep } from "../../core/state.ts";
import { type Update, utf8Length } from "../../core/update.ts";
import { oncePerTurn, type TailChannel } from "./channel.ts";
import { noteWriting } from "./exit.ts";
import { FORMAT, fromStored, type StoredRecord, type StoredState, toStored } from "./codec.ts";

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
}

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
 * @throws Error when the directory cannot be made or written, or holds a journal of another format.
 */
export function lmdbJournal(options: LmdbJournalOptions): Journal {
  return new LmdbJournal(options.directory, options.retention ?? DEFAULT_RETENTION, options.channel);
}

type Follower = (records: readonly JournalRecord[]) => void;

interface PendingAppend {
  readonly batch: readonly Update[];
  /** Changes of the table, with further updates. */
  readonly steps: readonly StateStep[];
  readonly resolve: (offsets: readonly number[]) => void;
  readonly reject: (error: HubError) => void;
}

const EMPTY_STATE: StoredState = [1, 0, 0];

class LmdbJournal implements Journal {
  readonly epoch: string;
  readonly state: JournalState = {
    commit: async (steps) => void (await this.#enqueue([], steps)),
    entries: async (prefix, options) => this.#list(prefix, options),
  };
  readonly peers: PeerExchange | undefined;
  readonly #retention: Retention;
  readonly #root: RootDatabase;
  readonly #rows: Database<StoredRecord, number>;
  readonly #ids: Database<number, string>;
  readonly #meta: Database<unknown, string>;
  readonly #entries: Database<string, string>;
  readonly #followers = new Set<Follower>();
  readonly #stopLooking: () => void;
  /** Tells other processes that the tail moved. */
  readonly #post: () => void;
  #queue: PendingAppend[] = [];
  #committing: Promise<void> | undefined;
  /** Followers were given every record up to this offset. */
  #seen: number;
  #closed = false;

  constructor(directory: string, retention: Retention, channel: TailChannel | undefined) {
    this.#retention = retention;
    mkdirSync(directory, { recursive: true });
    // Without overlapping sync a commit returns after the flush; with it, simulated power cuts lost acknowledged rows.
    // With batching by event turn, a failed commit rejects a second promise that nobody can handle, and ends the process.
    this.#root = open({ path: directory, noSubdir: false, overlappingSync: false, eventTurnBatching: false, encoding: "msgpack" });
    this.#rows = this.#root.openDB({ name: "rows", encoding: "msgpack" });
    // Several offsets an id, in order: a reused id resolves to the earliest held.
    this.#ids = this.#root.openDB({ name: "ids", dupSort: true, encoding: "ordered-binary" });
    this.#meta = this.#root.openDB({ name: "meta", encoding: "msgpack" });
    this.#entries = this.#root.openDB({ name: "state", encoding: "string" });
    this.epoch = this.#root.transactionSync(() => this.#identify(directory));
    this.#seen = this.#state()[1];
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
    const [head] = this.#freshState();
    if (after < head - 1) return { kind: "trimmed", head };
    return { kind: "records", records: this.#range(after, limits) };
  }

  follow(after: number, onAppended: Follower): () => void {
    const missed = this.#range(after, { maxRecords: Infinity, maxBytes: Infinity }).filter((record) => record.offset <= this.#seen);
    if (missed.length > 0) onAppended(missed);
    this.#followers.add(onAppended);
    return () => void this.#followers.delete(onAppended);
  }

  async find(id: string): Promise<readonly number[]> {
    // A peer may send any text as its cursor; LMDB throws at a key that is too long to be stored.
    if (utf8Length(id) > MAX_ID_BYTES || this.#closed) return [];
    this.#root.resetReadTxn();
    return [...this.#ids.getValues(id, { limit: MAX_FOUND })];
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
    this.#followers.clear();
    await this.#root.close();
  }

  #enqueue(batch: readonly Update[], steps: readonly StateStep[]): Promise<readonly number[]> {
    if (this.#closed) return Promise.reject(new HubError("journal_unavailable", "The journal is closed."));
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, steps, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  #list(prefix: string, { after, limit }: { readonly after?: string | undefined; readonly limit: number }): readonly StateEntry[] {
    if (this.#closed) return [];
    this.#root.resetReadTxn();
    const found: StateEntry[] = [];
    const start = after === undefined || after < prefix ? prefix : after;
    for (const { key, value } of this.#entries.getRange({ start })) {
      if (!key.startsWith(prefix) || found.length >= limit) break;
      if (key !== after) found.push({ key, value });
    }
    return found;
  }

  #identify(directory: string): string {
    const format = this.#meta.get("format");
    if (format === undefined) {
      const epoch = createEpoch();
      this.#meta.putSync("format", FORMAT);
      this.#meta.putSync("epoch", epoch);
      this.#meta.putSync("state", EMPTY_STATE);
      return epoch;
    }
    if (format !== FORMAT) {
      throw new Error(
        `The journal in ${directory} has format ${JSON.stringify(format)}; this version of Artesian reads format ${FORMAT}. Use the version that wrote it, or another directory.`,
      );
    }
    return this.#meta.get("epoch") as string;
  }

  #state(): StoredState {
    return this.#meta.get("state") as StoredState;
  }

  /** The state as last committed by any process; without the reset, LMDB answers from this turn's snapshot. */
  #freshState(): StoredState {
    if (this.#closed) return [this.#seen + 1, this.#seen, 0];
    this.#root.resetReadTxn();
    return this.#state();
  }

  #range(after: number, limits: ReadLimits): JournalRecord[] {
    const records: JournalRecord[] = [];
    let bytes = 0;
    for (const { key, value } of this.#rows.getRange({ start: after + 1 })) {
      const record = fromStored(key, value);
      records.push(record);
      bytes += recordBytes(record);
      if (records.length >= limits.maxRecords || bytes >= limits.maxBytes) break;
    }
    return records;
  }

  /** Commits what is queued, one group after the other: what arrives during a flush shares the next one. */
  async #commitAll(): Promise<void> {
    noteWriting(this, true);
    while (this.#queue.length > 0) {
      let group: PendingAppend[] = [];
      let records: JournalRecord[] = [];
      let offsets: readonly (readonly number[])[] = [];
      try {
        // A child transaction: when a write fails, nothing of the group stays behind.
        await this.#root.childTransaction(() => {
          group = this.#queue;
          this.#queue = [];
          [records, offsets] = this.#write(group);
        });
      } catch (error) {
        const failure = await toHubError(error);
        for (const { reject } of group.length > 0 ? group : this.#queue.splice(0)) reject(failure);
        continue;
      }
      const last = records.at(-1);
      if (last !== undefined) {
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
    const at = Date.now();
    const records: JournalRecord[] = [];
    const offsets: (readonly number[])[] = [];
    for (const { batch, steps } of group) {
      const first = tail + 1;
      for (const update of steps.length === 0 ? batch : [...batch, ...this.#change(steps)]) {
        const record: JournalRecord = { ...update, offset: ++tail, at };
        this.#rows.putSync(record.offset, toStored(record));
        if (record.id !== undefined) this.#ids.putSync(record.id, record.offset);
        bytes += recordBytes(record);
        records.push(record);
      }
      offsets.push(Array.from({ length: tail + 1 - first }, (_, i) => first + i));
    }
    [head, bytes] = this.#trim(head, tail, bytes, at, TRIM_STEP + 2 * records.length);
    this.#meta.putSync("state", [head, tail, bytes] satisfies StoredState);
    return [records, offsets];
  }

  /** @returns The updates of the steps that changed something. */
  #change(steps: readonly StateStep[]): readonly Update[] {
    return steps.flatMap(({ key, value, update }) => {
      if (value !== undefined) this.#entries.putSync(key, value);
      else if (this.#entries.get(key) === undefined) return [];
      else this.#entries.removeSync(key);
      return update === undefined ? [] : [update];
    });
  }

  #trim(head: number, tail: number, bytes: number, now: number, most: number): [head: number, bytes: number] {
    const { maxAgeMs = Infinity, maxBytes = Infinity, maxCount = Infinity } = this.#retention;
    for (let dropped = 0; head <= tail && dropped < most; dropped++) {
      const stored = this.#rows.get(head);
      const tooMany = tail - head + 1 > maxCount || bytes > maxBytes;
      if (stored === undefined || (!tooMany && now - stored[0] <= maxAgeMs)) break;
      const record = fromStored(head, stored);
      if (record.id !== undefined) this.#ids.removeSync(record.id, head);
      this.#rows.removeSync(head);
      bytes -= recordBytes(record);
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
    const oldest = head <= tail ? this.#rows.get(head) : undefined;
    return oldest !== undefined && Date.now() - oldest[0] > (this.#retention.maxAgeMs ?? Infinity);
  }

  /** Gives followers what follows the last record they were given; `records`, where at hand, end at the tail. */
  #advance(tail: number, records?: readonly JournalRecord[]): void {
    if (tail <= this.#seen) return;
    const first = records?.[0];
    let appended = records ?? [];
    if (first === undefined || first.offset !== this.#seen + 1) {
      this.#root.resetReadTxn();
      appended = this.#range(this.#seen, { maxRecords: Infinity, maxBytes: Infinity }).filter((record) => record.offset <= tail);
    }
    this.#seen = tail;
    for (const follower of this.#followers) follower(appended);
  }
}

/** Numbers of the errors of a disk that is full: no space, over the quota, and a write that came out short. */
const FULL: ReadonlySet<number> = new Set([28, 122, 5]);

async function toHubError(error: unknown): Promise<HubError> {
  // The reason of a failed commit comes by a promise of its own.
  let reason = error;
  try {
    if (hasCommitError(error)) await error.commitError;
  } catch (cause) {
    reason = cause;
  }
  const code = reason instanceof Error && "code" in reason ? reason.code : undefined;
  if ((typeof code === "number" && FULL.has(code)) || /no space|ENOSPC|MDB_MAP_FULL|disk quota/i.test(String(reason))) {
    return new HubError("journal_full", "The journal's disk is full; nothing was published. Free space and publish again.", {
      cause: reason,
    });
  }
  return new HubError("journal_unavailable", "The journal could not be written; nothing was published. Publish again in a moment.", {
    cause: reason,
  });
}

function hasCommitError(error: unknown): error is { readonly commitError: Promise<unknown> } {
  return error instanceof Error && "commitError" in error && error.commitError instanceof Promise;
}
