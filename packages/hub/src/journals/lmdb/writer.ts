import { HubError } from "../../core/errors.ts";
import { type JournalRecord, recordBytes } from "../../core/journal/journal.ts";
import type { StateStep } from "../../core/journal/state.ts";
import type { Update } from "../../core/update/update.ts";
import type { Append } from "../shared/group-commit.ts";
import type { RetentionRule } from "../shared/retention.ts";
import { sealEntry, type StoredState, toStored } from "./codec.ts";
import { type Databases, readEpoch, readState, writeState } from "./format.ts";
import { IdempotencyKeys, type KeyedAppend } from "./idempotency.ts";
import type { RowReader } from "./rows.ts";

/**
 * Most records that one transaction drops beyond twice its additions. Dropping never makes an
 * append slow, nor holds up the event loop.
 */
const TRIM_STEP = 250;
/**
 * Fewest records that a step drops after a failed step. On a full disk a small change may find room
 * when a large change does not.
 */
const SMALLEST_STEP = 4;

/** An append, and the idempotency key of its attempt. */
export interface LmdbAppend extends Append {
  readonly keyed: KeyedAppend | undefined;
}

/** The parts of a journal that run in its write transactions. */
export class Writer {
  readonly keys: IdempotencyKeys;
  readonly #databases: Databases;
  readonly #epoch: string;
  readonly #retention: RetentionRule;
  readonly #reader: RowReader;
  #trimStep = TRIM_STEP;

  constructor(databases: Databases, options: { readonly epoch: string; readonly retention: RetentionRule; readonly reader: RowReader }) {
    this.#databases = databases;
    this.#epoch = options.epoch;
    this.#retention = options.retention;
    this.#reader = options.reader;
    this.keys = new IdempotencyKeys(databases);
  }

  /**
   * The state of the journal. @throws HubError `journal_unavailable` if a newer version has
   * converted it.
   */
  state(): StoredState {
    const state = readState(this.#databases.meta);
    if (state !== undefined) return state;
    // During a rolling restart. See FORMAT.
    throw new HubError(
      "journal_unavailable",
      "The journal was converted by a newer version of Artesian; this process has to be restarted.",
    );
  }

  /** @returns The appended records, and the offsets of each member of the group. */
  write(group: readonly LmdbAppend[]): [records: JournalRecord[], offsets: (readonly number[])[]] {
    const { rows, ids, meta } = this.#databases;
    let [head, tail, bytes] = this.state();
    if (readEpoch(meta) !== this.#epoch) {
      throw new HubError("journal_unavailable", "The journal's data were put back while it was open; this process has to be restarted.");
    }
    const at = Date.now();
    const records: JournalRecord[] = [];
    const offsets: (readonly number[])[] = [];
    for (const { batch, steps, keyed } of group) {
      if (keyed !== undefined) {
        keyed.known = this.keys.find(keyed);
        if (keyed.known !== undefined) {
          offsets.push([]);
          continue;
        }
      }
      const first = tail + 1;
      for (const update of steps.length === 0 ? batch : [...batch, ...this.#change(steps)]) {
        const record: JournalRecord = { ...update, offset: ++tail, at };
        rows.putSync(record.offset, toStored(record));
        if (record.id !== undefined) ids.putSync(record.id, record.offset);
        bytes += recordBytes(record);
        records.push(record);
      }
      offsets.push(Array.from({ length: tail + 1 - first }, (_, i) => first + i));
      if (keyed !== undefined && tail >= first) this.keys.remember(keyed, first, tail);
    }
    const headBefore = head;
    [head, bytes] = this.#trim(head, tail, bytes, at, this.#trimStep + 2 * records.length);
    if (head > headBefore) this.keys.forgetBefore(head);
    writeState(meta, [head, tail, bytes]);
    return [records, offsets];
  }

  /** Says whether the last write was committed. */
  noteCommit(isDone: boolean): void {
    this.#trimStep = isDone ? TRIM_STEP : Math.max(SMALLEST_STEP, this.#trimStep >> 2);
  }

  /** Tells whether the oldest record is beyond the retention. */
  isOverfull([head, tail, bytes]: StoredState): boolean {
    return head <= tail && (this.#isTooMuch(head, tail, bytes) || this.#isTooOld(this.#reader.sound(head, tail), Date.now()));
  }

  /** @returns The updates of the steps that changed something. */
  #change(steps: readonly StateStep[]): readonly Update[] {
    const { entries } = this.#databases;
    return steps.flatMap(({ key, value, update }) => {
      if (value !== undefined) entries.putSync(key, sealEntry(key, value));
      else if (entries.get(key) === undefined) return [];
      else entries.removeSync(key);
      return update === undefined ? [] : [update];
    });
  }

  #trim(head: number, tail: number, bytes: number, now: number, most: number): [head: number, bytes: number] {
    const { rows, ids } = this.#databases;
    for (let dropped = 0; head <= tail && dropped < most; dropped++) {
      const record = this.#reader.row(head);
      // A damaged record stays as long as the record after it. A reader from the beginning is told
      // of the damage.
      if (!this.#isTooMuch(head, tail, bytes) && !this.#isTooOld(record ?? this.#reader.sound(head, tail), now)) break;
      if (record?.id !== undefined) ids.removeSync(record.id, head);
      rows.removeSync(head);
      bytes = head === tail ? 0 : Math.max(0, bytes - (record === undefined ? 0 : recordBytes(record)));
      head++;
    }
    return [head, bytes];
  }

  #isTooMuch(head: number, tail: number, bytes: number): boolean {
    return this.#retention.isTooMuch(tail - head + 1, bytes);
  }

  /** A damaged record counts as old if no sound record is near. */
  #isTooOld(oldest: JournalRecord | undefined, now: number): boolean {
    return oldest === undefined || this.#retention.isTooOld(oldest.at, now);
  }
}
