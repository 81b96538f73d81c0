import type { JournalPage, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";
import { recordBytes } from "../../core/journal/journal.ts";
import { fromStored } from "./codec.ts";
import { isStoreError } from "./failure.ts";
import type { Databases } from "./format.ts";

/** Most records in a row that are looked at for the next sound one; where there is none, the rest is given up. */
const MOST_SKIPPED = 10_000;
/** Most places that are told of; more than these say no more. */
const MOST_TOLD = 1000;

/**
 * Reads records, and notices those that are not what was written: they read as if they had been trimmed.
 *
 * An error of the store is thrown, and never taken for a record that is damaged: the transaction answers nothing more, so that all others would seem to be damaged too.
 */
export class RowReader {
  readonly #rows: Databases["rows"];
  readonly #told = new Set<number>();
  readonly #onDamage: (offset: number) => void;
  /** What was found last in the place of a damaged record. */
  #gap = { from: 0, sound: 0 };

  constructor(rows: Databases["rows"], directory: string, onDamage: (what: string) => void = (what) => process.emitWarning(what)) {
    this.#rows = rows;
    this.#onDamage = (offset) =>
      onDamage(`The journal in ${directory} is damaged: record ${offset} is not what was written, and is left out.`);
  }

  /** The record at an offset; undefined where there is none, or it is not what was written. */
  row(offset: number): JournalRecord | undefined {
    try {
      const stored = this.#rows.get(offset);
      return stored === undefined ? undefined : fromStored(offset, stored);
    } catch (error) {
      return valueless(error);
    }
  }

  /** The first record from an offset on that is what was written; undefined where there is none near. */
  sound(from: number, tail: number): JournalRecord | undefined {
    const record = this.row(from);
    if (record !== undefined || from > tail) return record;
    if (this.#gap.from !== from) this.#gap = { from, sound: this.#soundFrom(from, tail) };
    return this.row(this.#gap.sound);
  }

  /** The records after an offset, as far as they are held and up to a limit. @param tail - The newest that is held. */
  page(after: number, tail: number, limits: ReadLimits): JournalPage {
    const records = this.#run(after, tail, limits);
    if (records.length > 0 || after >= tail) return { kind: "records", records };
    return { kind: "trimmed", head: this.#soundFrom(after + 1, tail) };
  }

  /** All records after an offset up to another, without those that are damaged. */
  all(after: number, upTo: number): JournalRecord[] {
    const all: JournalRecord[] = [];
    let from = after;
    while (from < upTo) {
      const run = this.#run(from, upTo, { maxRecords: Infinity, maxBytes: Infinity });
      for (const record of run) all.push(record);
      from += run.length;
      if (from < upTo) from = this.#soundFrom(from + 1, upTo) - 1;
    }
    return all;
  }

  /** Reads until a limit is reached, or a record is not the one that has to follow. */
  #run(after: number, upTo: number, { maxRecords, maxBytes }: ReadLimits): JournalRecord[] {
    const records: JournalRecord[] = [];
    let bytes = 0;
    try {
      for (const { key, value } of this.#rows.getRange({ start: after + 1, end: upTo + 1 })) {
        const record = key === after + 1 + records.length ? fromStored(key, value) : undefined;
        if (record === undefined) break;
        records.push(record);
        bytes += recordBytes(record);
        if (records.length >= maxRecords || bytes >= maxBytes) break;
      }
    } catch (error) {
      // What follows is read on the next time, if it can be.
      valueless(error);
    }
    return records;
  }

  /** Tells of the damage at an offset. @returns The first sound record from there on; one more than the tail where there is none. */
  #soundFrom(damaged: number, tail: number): number {
    if (!this.#told.has(damaged) && this.#told.size < MOST_TOLD) {
      this.#told.add(damaged);
      this.#onDamage(damaged);
    }
    for (let offset = damaged + 1; offset <= Math.min(tail, damaged + MOST_SKIPPED); offset++) {
      if (this.row(offset) !== undefined) return offset;
    }
    return tail + 1;
  }
}

/** Takes an error for that of bytes that are no value at all. @throws The error if it is one of the store. */
function valueless(error: unknown): undefined {
  if (isStoreError(error)) throw error;
  return undefined;
}
