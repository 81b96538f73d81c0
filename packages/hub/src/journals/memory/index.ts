import { createEpoch } from "../../core/journal/cursor.ts";
import { HubError } from "../../core/errors.ts";
import type { AppendOutcome, IdempotentAppend, JournalIdempotency, KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import {
  type Journal,
  type JournalPage,
  type JournalRecord,
  MAX_FOUND,
  type ReadLimits,
  recordBytes,
  type Retention,
} from "../../core/journal/journal.ts";
import type { JournalState, StateEntry, StateStep } from "../../core/journal/state.ts";
import type { Update } from "../../core/update/update.ts";
import { namesOf } from "../../core/names.ts";
import { checkJournalOptions } from "../shared/options.ts";
import { RetentionRule } from "../shared/retention.ts";
import { IdempotencyKeys } from "./idempotency.ts";

/** Options of a memory journal. */
export interface MemoryJournalOptions {
  /** Default: 10,000 records and 64 MiB. */
  readonly retention?: Retention | undefined;
}

const OPTIONS: ReadonlySet<string> = namesOf<MemoryJournalOptions>({ retention: true });
const DEFAULT_RETENTION: Retention = { maxCount: 10_000, maxBytes: 64 * 1024 * 1024 };

/**
 * A journal in this process's memory, for tests and for hubs whose history may vanish. Acknowledged
 * updates survive until the process ends. Each memory journal has a new epoch, so a cursor from an
 * earlier journal is a gap.
 *
 * @throws TypeError for an option that is misspelt or not valid.
 */
export function memoryJournal(options: MemoryJournalOptions = {}): Journal {
  checkJournalOptions("memoryJournal()", options, OPTIONS);
  return new MemoryJournal(options.retention ?? DEFAULT_RETENTION);
}

/** Makes a record member by member. A copy with a spread costs ten times as much. */
function recordOf({ topics, data, id, type, retry, private: isPrivate, ttlMs }: Update, offset: number, at: number): JournalRecord {
  const record = { topics, data, id, type, retry, private: isPrivate, offset, at };
  return ttlMs === undefined ? record : { ...record, ttlMs };
}

type Follower = (records: readonly JournalRecord[]) => void;

class MemoryJournal implements Journal {
  readonly epoch: string = createEpoch();
  readonly state: JournalState = {
    commit: async (steps) => {
      this.#checkOpen();
      this.#write(this.#change(steps));
    },
    entries: async (prefix, options) => this.#list(prefix, options),
  };
  readonly idempotency: JournalIdempotency = {
    append: (attempt) => this.#appendOnce(attempt),
    find: async (attempt) => this.#findKey(attempt),
  };
  readonly #idempotencyKeys = new IdempotencyKeys();
  readonly #entries = new Map<string, string>();
  /** The keys in order. */
  readonly #keys: string[] = [];
  readonly #retention: RetentionRule;
  /**
   * The record at index i has offset `#head + i - #start`. Records before `#start` were trimmed.
   */
  #records: JournalRecord[] = [];
  #start = 0;
  #head = 1;
  #tail = 0;
  #bytes = 0;
  readonly #offsetsById = new Map<string, number[]>();
  readonly #followers = new Set<Follower>();
  #closed = false;

  constructor(retention: Retention) {
    this.#retention = new RetentionRule(retention);
  }

  async append(batch: readonly Update[]): Promise<readonly number[]> {
    this.#checkOpen();
    return this.#write(batch);
  }

  #checkOpen(): void {
    if (this.#closed) throw new HubError("journal_unavailable", "The journal is closed.");
  }

  #write(batch: readonly Update[], attempt?: IdempotentAppend): readonly number[] {
    const at = Date.now();
    const appended = batch.map((update) => recordOf(update, ++this.#tail, at));
    for (const record of appended) {
      this.#records.push(record);
      this.#bytes += recordBytes(record);
      if (record.id === undefined) continue;
      const offsets = this.#offsetsById.get(record.id);
      if (offsets === undefined) this.#offsetsById.set(record.id, [record.offset]);
      else offsets.push(record.offset);
    }
    const offsets = appended.map((record) => record.offset);
    if (attempt !== undefined) this.#idempotencyKeys.remember(attempt, offsets);
    this.#trim(at);
    if (appended.length > 0) for (const follower of this.#followers) follower(appended);
    return offsets;
  }

  async #appendOnce(attempt: IdempotentAppend): Promise<AppendOutcome> {
    this.#checkOpen();
    const known = this.#findKey(attempt);
    if (known !== undefined) return known;
    return { kind: "appended", offsets: this.#write([...attempt.batch, ...this.#change(attempt.steps ?? [])], attempt) };
  }

  #findKey(attempt: Pick<IdempotentAppend, "key" | "request">): KnownAppend | ReusedKey | undefined {
    // Records that are too old are gone, for readers too.
    this.#trim(Date.now());
    return this.#idempotencyKeys.find(attempt);
  }

  /** @returns The updates of the steps that changed something. */
  #change(steps: readonly StateStep[]): readonly Update[] {
    const updates: Update[] = [];
    for (const { key, value, update } of steps) {
      if (value === undefined) {
        if (!this.#entries.delete(key)) continue;
        this.#keys.splice(this.#indexOf(key), 1);
      } else {
        if (!this.#entries.has(key)) this.#keys.splice(this.#indexOf(key), 0, key);
        this.#entries.set(key, value);
      }
      if (update !== undefined) updates.push(update);
    }
    return updates;
  }

  /** The index of a key, or its insertion point. */
  #indexOf(key: string): number {
    let low = 0;
    for (let high = this.#keys.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #list(prefix: string, { after, limit }: { readonly after?: string | undefined; readonly limit: number }): readonly StateEntry[] {
    let low = this.#indexOf(after === undefined || after < prefix ? prefix : after);
    if (this.#keys[low] === after) low++;
    const found: StateEntry[] = [];
    for (; found.length < limit && this.#keys[low]?.startsWith(prefix) === true; low++) {
      const key = this.#keys[low] as string;
      found.push({ key, value: this.#entries.get(key) as string });
    }
    return found;
  }

  async read(after: number, limits: ReadLimits): Promise<JournalPage> {
    this.#trim(Date.now());
    if (after < this.#head - 1) return { kind: "trimmed", head: this.#head };
    const records: JournalRecord[] = [];
    let bytes = 0;
    for (let i = this.#start + (after + 1 - this.#head); i < this.#records.length; i++) {
      const record = this.#records[i] as JournalRecord;
      records.push(record);
      bytes += recordBytes(record);
      if (records.length >= limits.maxRecords || bytes >= limits.maxBytes) break;
    }
    return { kind: "records", records };
  }

  follow(after: number, onAppended: Follower): () => void {
    const missed = this.#records.slice(this.#start).filter((record) => record.offset > after);
    if (missed.length > 0) onAppended(missed);
    this.#followers.add(onAppended);
    return () => void this.#followers.delete(onAppended);
  }

  async find(id: string): Promise<readonly number[]> {
    return this.#offsetsById.get(id)?.slice(0, MAX_FOUND) ?? [];
  }

  tail(): number {
    return this.#tail;
  }

  head(): number {
    return this.#head;
  }

  bytes(): number {
    return this.#bytes;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#followers.clear();
  }

  #trim(now: number): void {
    while (this.#head <= this.#tail) {
      const oldest = this.#records[this.#start] as JournalRecord;
      if (!this.#retention.isTooMuch(this.#tail - this.#head + 1, this.#bytes) && !this.#retention.isTooOld(oldest.at, now)) break;
      this.#forget(oldest);
      this.#start++;
      this.#head++;
    }
    this.#idempotencyKeys.forgetBefore(this.#head);
    // Cut now and then, so that dropping one record costs the same at any size.
    if (this.#start > 1024 && this.#start * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#start);
      this.#start = 0;
    }
  }

  #forget(record: JournalRecord): void {
    this.#bytes -= recordBytes(record);
    if (record.id === undefined) return;
    const offsets = this.#offsetsById.get(record.id);
    offsets?.shift();
    if (offsets?.length === 0) this.#offsetsById.delete(record.id);
  }
}
