import type { RetentionRule } from "../../shared/retention.ts";
import { walkRecords } from "../entries/codec.ts";
import { Cursor } from "../files/cursor.ts";
import { entryTime, entryTotal } from "../entries/entry.ts";
import type { HeldBytes } from "../entries/entry-reader.ts";
import type { Segments } from "../files/segments.ts";

/**
 * Most records that a commit drops beyond twice its additions. Dropping never makes an append slow,
 * nor holds up the event loop.
 */
const TRIM_STEP = 250;

/** The end of the log, with the records that are about to be written. */
export interface LogEnd {
  readonly tail: number;
  /** Bytes of all records ever appended. */
  readonly total: number;
  /** Length of the active segment. */
  readonly position: number;
  /** Bytes of the active segment that are not in its file yet. */
  readonly held?: HeldBytes | undefined;
}

/** Moves the head over the records beyond the retention. */
export class Trimmer {
  /** Offset of the oldest record held, or tail + 1. */
  head = 1;
  /** Bytes of all records before the head. */
  before = 0;
  readonly #segments: Segments;
  readonly #retention: RetentionRule;
  readonly #cursor: Cursor;
  /** The records of the head's entry, or damaged records before the next sound entry. */
  #run = { first: 0, end: 0, time: 0, sizes: [] as number[] };
  /** Facts about the segment after the one of the head. */
  #following = { first: 0, time: 0, before: 0 };

  constructor(segments: Segments, retention: RetentionRule) {
    this.#segments = segments;
    this.#retention = retention;
    this.#cursor = new Cursor(segments, { notes: false });
  }

  /** Begins at a head. */
  start(head: number, end: LogEnd): void {
    this.head = head;
    this.#run = { first: 0, end: 0, time: 0, sizes: [] };
    this.#cursor.end(end.position, end.held);
    this.#load(end);
  }

  /** Moves the head, by a few records at the most. @param added - Number of records added. */
  trim(end: LogEnd, added: number, now: number): void {
    this.#cursor.end(end.position, end.held);
    this.#trimSegments(end, now, Infinity);
    const most = this.head + TRIM_STEP + 2 * added;
    while (this.head < most && this.#isOver(end, now)) {
      this.before += this.#run.sizes[this.head - this.#run.first] ?? 0;
      this.head++;
      if (this.head >= this.#run.end) this.#load(end);
    }
  }

  /**
   * Moves the head over whole segments beyond the retention, as when there is no room to write how
   * far it moved.
   *
   * @param keepFrom - First offset of the first segment that must stay.
   */
  trimWhole(end: LogEnd, now: number, keepFrom: number): void {
    this.#cursor.end(end.position);
    this.#trimSegments(end, now, keepFrom);
  }

  /** Tells whether the oldest record is beyond the retention. */
  isOverfull(end: LogEnd, now: number): boolean {
    this.#cursor.end(end.position);
    return this.#isOver(end, now);
  }

  #isOver({ tail, total, ...end }: LogEnd, now: number): boolean {
    if (this.head > tail) return false;
    // A record may have come after damaged ones at the end.
    if (this.head >= this.#run.end || this.#run.time === Infinity) this.#load({ tail, total, ...end });
    return this.#retention.isTooMuch(tail - this.head + 1, total - this.before) || this.#retention.isTooOld(this.#run.time, now);
  }

  /** Drops segments whose records are all beyond the retention, each in one step. */
  #trimSegments(end: LogEnd, now: number, keepFrom: number): void {
    for (;;) {
      const next = this.#segments.of(this.head)?.next ?? Infinity;
      if (next > end.tail || next > keepFrom) return;
      if (this.#following.first !== next) {
        // If its first record is damaged, the segment before goes record by record.
        const isSound = this.#cursor.seek(next) === next;
        const { bytes, at } = this.#cursor.entry;
        this.#following = isSound
          ? { first: next, time: entryTime(bytes, at), before: this.#sizes().before }
          : { first: next, time: Infinity, before: Infinity };
      }
      const { time, before } = this.#following;
      if (!this.#retention.isTooMuch(end.tail - next + 1, end.total - before) && !this.#retention.isTooOld(time, now)) return;
      this.head = next;
      this.#load(end);
    }
  }

  /** Loads the entry of the head. */
  #load({ tail, total }: LogEnd): void {
    if (this.head > tail) {
      this.before = total;
      return;
    }
    const sound = this.#cursor.goOn(this.head);
    if (sound !== this.head) {
      // Damaged records stay as long as the record after them. A reader from the beginning is told
      // of the damage.
      const isLast = sound > tail || this.#cursor.seek(sound) !== sound;
      const time = isLast ? Infinity : entryTime(this.#cursor.entry.bytes, this.#cursor.entry.at);
      this.#run = { first: this.head, end: Math.min(sound, tail + 1), time, sizes: [] };
      return;
    }
    const { bytes, at, first, count } = this.#cursor.entry;
    const { sizes, before } = this.#sizes();
    this.#run = { first, end: first + count, time: entryTime(bytes, at), sizes };
    this.before = before;
    for (let i = first; i < this.head; i++) this.before += sizes[i - first] as number;
  }

  /** Sizes of the records of the loaded entry, and the bytes of all records before. */
  #sizes(): { readonly sizes: number[]; readonly before: number } {
    const { bytes, at, length } = this.#cursor.entry;
    const sizes: number[] = [];
    let before = entryTotal(bytes, at);
    walkRecords(bytes, at, length, (_i, size) => {
      sizes.push(size);
      before -= size;
    });
    return { sizes, before };
  }
}
