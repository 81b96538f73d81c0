import type { ReadLimits } from "../../core/journal/journal.ts";
import type { RetentionRule } from "../shared/retention.ts";
import { NumberQueue } from "./number-queue.ts";

/** A message of the stream with held records. */
export interface MessageSpan {
  readonly seq: number;
  /** Offset of the message's last record. */
  readonly last: number;
}

/**
 * Index of the held records, without their content: the size of each, and the message of the stream
 * that has it. Takes 8 bytes per record and 24 per message.
 */
export class RecordIndex {
  /** Offset of the oldest record held, or one more than {@link tail} if none is. */
  head = 1;
  bytes = 0;
  readonly #sizes = new NumberQueue();
  readonly #seqs = new NumberQueue();
  readonly #lasts = new NumberQueue();
  readonly #times = new NumberQueue();

  get tail(): number {
    return this.head + this.#sizes.length - 1;
  }

  /** Adds the records of a message, which follow the tail. */
  add(seq: number, at: number, sizes: readonly number[]): void {
    if (sizes.length === 0) return;
    for (const size of sizes) {
      this.#sizes.push(size);
      this.bytes += size;
    }
    this.#seqs.push(seq);
    this.#times.push(at);
    this.#lasts.push(this.tail);
  }

  dropBefore(head: number): void {
    if (head <= this.head) return;
    const count = Math.min(head - this.head, this.#sizes.length);
    for (let i = 0; i < count; i++) this.bytes -= this.#sizes.at(i);
    this.#sizes.drop(count);
    this.head = head;
    const messages = this.#lasts.countBelow(head);
    this.#lasts.drop(messages);
    this.#seqs.drop(messages);
    this.#times.drop(messages);
  }

  /** Drops everything, and begins again at an offset. */
  restart(head: number): void {
    this.dropBefore(this.tail + 1);
    this.head = head;
  }

  /** The message with the oldest record, or undefined if none is held. */
  oldestSeq(): number | undefined {
    return this.#seqs.length === 0 ? undefined : this.#seqs.at(0);
  }

  /**
   * Offset of the first record held in a message from a sequence on, or one more than the tail if
   * there is none.
   */
  firstFrom(seq: number): number {
    const before = this.#seqs.countBelow(seq);
    return before === 0 ? this.head : this.#lasts.at(before - 1) + 1;
  }

  /** The message with a held record. */
  spanOf(offset: number): MessageSpan {
    const i = this.#lasts.countBelow(offset);
    return { seq: this.#seqs.at(i), last: this.#lasts.at(i) };
  }

  /** The messages with the records after an offset, up to the limits of a read. */
  spans(after: number, { maxRecords, maxBytes }: ReadLimits): MessageSpan[] {
    const found: MessageSpan[] = [];
    let bytes = 0;
    for (let offset = after + 1; offset <= this.tail && offset - after <= maxRecords && bytes < maxBytes;) {
      const span = this.spanOf(offset);
      found.push(span);
      for (; offset <= span.last; offset++) bytes += this.#sizes.at(offset - this.head);
    }
    return found;
  }

  /** The head once records of some sizes are added. */
  headAfter(added: readonly number[], retention: RetentionRule, now: number): number {
    let { head, bytes } = this;
    for (const size of added) bytes += size;
    const tail = this.tail + added.length;
    for (let message = 0; head <= tail; head++) {
      const i = head - this.head;
      const isHeld = i < this.#sizes.length;
      if (isHeld && this.#lasts.at(message) < head) message++;
      const isOld = isHeld && retention.isTooOld(this.#times.at(message), now);
      if (!isOld && !retention.isTooMuch(tail - head + 1, bytes)) break;
      bytes -= isHeld ? this.#sizes.at(i) : (added[i - this.#sizes.length] as number);
    }
    return head;
  }
}
