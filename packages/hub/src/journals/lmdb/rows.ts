import type { JournalPage, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";
import { recordBytes } from "../../core/journal/journal.ts";
import { fromStored } from "./codec.ts";
import { isStoreError } from "./failure.ts";
import type { Databases } from "./format.ts";

/** Most records in a row searched for the next sound record. After that the rest is given up. */
const MOST_SKIPPED = 10_000;
/** Most damaged places reported. Further places are silent. */
const MOST_TOLD = 1000;

/**
 * Reads records, and notices damaged records. They read as if they had been trimmed.
 *
 * An error of the store is thrown, and never counts as a damaged record. After a store error the
 * transaction answers nothing more, so that all other records would seem to be damaged too.
 */
export class RowReader {
  readonly #rows: Databases["rows"];
  readonly #told = new Set<number>();
  readonly #onDamage: (offset: number) => void;
  /** The last search result at a damaged record. */
  #gap = { from: 0, sound: 0 };

  constructor(rows: Databases["rows"], directory: string, onDamage: (what: string) => void = (what) => process.emitWarning(what)) {
    this.#rows = rows;
    this.#onDamage = (offset) =>
      onDamage(`The journal in ${directory} is damaged: record ${offset} is not what was written, and is left out.`);
  }

  /** The record at an offset, or undefined if it is absent or damaged. */
  row(offset: number): JournalRecord | undefined {
    try {
      const stored = this.#rows.get(offset);
      return stored === undefined ? undefined : fromStored(offset, stored);
    } catch (error) {
      return valueless(error);
    }
  }

  /** The first sound record from an offset on, or undefined if none is near. */
  sound(from: number, tail: number): JournalRecord | undefined {
    const record = this.row(from);
    if (record !== undefined || from > tail) return record;
    if (this.#gap.from !== from) this.#gap = { from, sound: this.#soundFrom(from, tail) };
    return this.row(this.#gap.sound);
  }

  /**
   * The records after an offset, as far as they are held and up to a limit. @param tail - The
   * newest offset held.
   */
  page(after: number, tail: number, limits: ReadLimits): JournalPage {
    const records = this.#run(after, tail, limits);
    if (records.length > 0 || after >= tail) return { kind: "records", records };
    return { kind: "trimmed", head: this.#soundFrom(after + 1, tail) };
  }

  /** All records after an offset up to another, without damaged records. */
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

  /** Reads until a limit is reached, or a record does not follow the one before. */
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
      // The next read goes on after the error, if possible.
      valueless(error);
    }
    return records;
  }

  /**
   * Reports the damage at an offset. @returns The first sound record from there on, or one more
   * than the tail if there is none.
   */
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

/**
 * Accepts an error as one of bytes that are no value at all. @throws The error if it comes from the
 * store.
 */
function valueless(error: unknown): undefined {
  if (isStoreError(error)) throw error;
  return undefined;
}
