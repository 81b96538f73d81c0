import type { JournalRecord } from "../../core/journal/journal.ts";
import { type CommitHead, decodeRecords } from "./codec.ts";
import { HashIndex, hashOf } from "./hash-index.ts";
import { NumberQueue } from "./number-queue.ts";
import { RecordIndex } from "./record-index.ts";
import { Table } from "../shared/table.ts";

/** A message of the stream, as read. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly head: CommitHead;
  /** Decoded on demand. */
  records?: readonly JournalRecord[] | undefined;
}

/**
 * Outcome of a message. `foreign`: not from a hub. `broken`: written after a message that is not
 * the log's newest. `hole`: messages before are missing, and this message was not taken in.
 */
export type Applied = "applied" | "foreign" | "broken" | "hole";

/** Bytes of kept messages, the newest. Their decoded forms take several times that. */
const CACHE_BYTES = 8 * 1024 * 1024;
/** Messages from one mark to the next. */
const MARK_EVERY = 64;

/**
 * The state that follows from the messages of the stream, taken in one after the other: offsets,
 * the table, held records. All processes take in the same messages in the same order, so they agree
 * on the state.
 */
export class Log {
  /** Incarnation of the log's stream. See {@link StreamRange}. */
  readonly incarnation: string;
  /** Sequence of the newest message taken in, or the place before the first. */
  seq = 0;
  /** Tag and sequence of a hub's newest message. */
  tag = "";
  tagSeq = 0;
  epoch = "";
  /** Offset of the newest record at the start of the epoch, if it replaced another epoch. */
  restoredUpTo = 0;
  readonly records: RecordIndex = new RecordIndex();
  readonly table: Table = new Table();
  readonly ids: HashIndex = new HashIndex();
  /** Keys of appends, at the last offset of each. */
  readonly keys: HashIndex = new HashIndex();
  /** Every so many messages: the sequence, and the bytes before it. */
  readonly #marks = { seqs: new NumberQueue(), bytes: new NumberQueue() };
  #bytes = 0;
  readonly #cache = new Map<number, Message>();
  /**
   * Their sequences, because finding the oldest key of a map takes longer with each deletion before
   * it.
   */
  readonly #cachedSeqs = new NumberQueue();
  #cachedBytes = 0;
  /** Sequence of the first message that the stream has, as far as known. */
  #streamFirst = 0;
  /**
   * Whether the messages up to here may have holes. Old messages are removed, except those that the
   * table needs.
   */
  #isLoading = true;

  constructor(incarnation: string) {
    this.incarnation = incarnation;
  }

  get head(): number {
    return this.records.head;
  }

  get tail(): number {
    return this.records.tail;
  }

  /**
   * Makes holes an error from now on. @param seq - The last message of the stream, which may have
   * been removed.
   */
  loaded(seq: number): void {
    this.#isLoading = false;
    this.seq = Math.max(this.seq, seq);
  }

  apply(seq: number, message: Message | undefined): Applied {
    const follows = seq === this.seq + 1 && this.tag !== "";
    if (message === undefined) {
      this.seq = seq;
      return "foreign";
    }
    const { head } = message;
    const isNext = head.first === this.tail + 1;
    const isBroken = follows && head.prev !== this.tag;
    if (!isBroken && !isNext && !this.#isLoading) return "hole";
    this.seq = seq;
    this.tag = head.tag;
    this.tagSeq = seq;
    if (isBroken) return "broken";
    if (!isNext) this.records.restart(head.first);
    if (this.epoch !== "" && this.epoch !== head.epoch) this.restoredUpTo = head.first - 1;
    this.epoch = head.epoch;
    this.records.add(seq, head.at, head.sizes);
    for (const [place, id] of head.ids) this.ids.add(hashOf(id), head.first + place);
    for (const [digest, , first, count] of head.keys) this.keys.add(hashOf(digest), first + count - 1);
    for (const [key, value] of head.steps) this.table.write(key, value ?? undefined, seq);
    this.#mark(seq, message.bytes.length);
    this.drop(head.head);
    this.#keep(seq, message);
    return "applied";
  }

  /** Drops the records before an offset. */
  drop(head: number): void {
    if (head <= this.head) return;
    this.records.dropBefore(head);
    this.ids.forgetBefore(head);
    this.keys.forgetBefore(head);
  }

  /**
   * Messages before this sequence have neither a held record nor an entry of the table. The last
   * message is never among them, because it shows the journal's position.
   */
  neededFrom(): number {
    const from = Math.min(this.#recordsFrom(), this.table.oldestSeq() ?? Infinity);
    const { seqs, bytes } = this.#marks;
    const before = seqs.countBelow(from) - 1;
    seqs.drop(before);
    bytes.drop(before);
    return from;
  }

  /**
   * Counts the messages, and approximately their bytes, that are in the stream only for old entries
   * of the table.
   */
  keptForTable(): { readonly messages: number; readonly bytes: number } {
    const [needed, records] = [this.neededFrom(), this.#recordsFrom()];
    return { messages: records - needed, bytes: this.#bytesBefore(records) - this.#bytesBefore(needed) };
  }

  /** Notes that the messages before a sequence are gone from the stream. */
  removedBefore(seq: number): void {
    this.#streamFirst = Math.max(this.#streamFirst, seq);
    if (seq > this.#recordsFrom()) this.drop(this.records.firstFrom(seq));
  }

  /** Whether entries of the table are no longer in the stream, so that other processes miss them. */
  get isTableLost(): boolean {
    return (this.table.oldestSeq() ?? Infinity) < this.#streamFirst;
  }

  cached(seq: number): Message | undefined {
    return this.#cache.get(seq);
  }

  #recordsFrom(): number {
    return Math.min(this.tagSeq, this.records.oldestSeq() ?? this.tagSeq);
  }

  #mark(seq: number, bytes: number): void {
    const { seqs } = this.#marks;
    if (seqs.length === 0 || seq >= seqs.at(seqs.length - 1) + MARK_EVERY) {
      seqs.push(seq);
      this.#marks.bytes.push(this.#bytes);
    }
    this.#bytes += bytes;
  }

  #bytesBefore(seq: number): number {
    const { seqs, bytes } = this.#marks;
    const i = seqs.countBelow(seq + 1) - 1;
    return i < 0 ? 0 : bytes.at(i);
  }

  #keep(seq: number, message: Message): void {
    this.#cache.set(seq, message);
    this.#cachedBytes += message.bytes.length;
    this.#cachedSeqs.push(seq);
    while (this.#cachedBytes > CACHE_BYTES && this.#cachedSeqs.length > 1) {
      const oldest = this.#cachedSeqs.at(0);
      this.#cachedBytes -= this.#cache.get(oldest)?.bytes.length ?? 0;
      this.#cache.delete(oldest);
      this.#cachedSeqs.drop(1);
    }
  }
}

/** @returns Undefined if the records are not as written. */
export function recordsOf(message: Message): readonly JournalRecord[] | undefined {
  return (message.records ??= decodeRecords(message.bytes, message.head));
}
