import { monotonicMs } from "../scheduler.ts";
import type { Subscriber } from "../live/subscriber.ts";

/** Share of the cap down to which connections are cut once the cap is reached. */
const RELIEVED = 0.75;

interface Holder {
  /**
   * The object that keeps the bytes in memory. Connections that were sent the same bytes share the
   * object.
   */
  readonly memory: object;
  readonly sinceMs: number;
}

/**
 * The bytes that connections hold because their peers have not taken them yet, and a cap on them. A
 * slow reader's queue is the journal, so it holds one write at the most. This class bounds all of
 * these writes together. Bytes shared by many connections are counted once, because they are once
 * in memory.
 *
 * @see docs/decisions/held-bytes.md
 */
export class HeldBytes {
  /** The cap. A lower one takes effect with the next bytes that are held. */
  maxBytes: number;
  readonly #holders = new Map<Subscriber, Holder>();
  readonly #memory = new Map<object, { readonly bytes: number; holders: number }>();
  #total = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes held by all together. */
  get total(): number {
    return this.#total;
  }

  get isOver(): boolean {
    return this.#total > this.maxBytes;
  }

  /**
   * Counts bytes that the subscriber's sink did not take completely. Called once until they are
   * released.
   */
  hold(subscriber: Subscriber, bytes: Uint8Array): void {
    this.release(subscriber);
    // The bytes stay in memory as long as their buffer.
    const memory: object = subscriber.sink.copies === true ? subscriber : bytes.buffer;
    const known = this.#memory.get(memory);
    if (known === undefined) {
      const size = memory === subscriber ? bytes.length : bytes.buffer.byteLength;
      this.#memory.set(memory, { bytes: size, holders: 1 });
      this.#total += size;
    } else known.holders++;
    this.#holders.set(subscriber, { memory, sinceMs: monotonicMs() });
  }

  /** Releases the bytes of a subscriber that took them, or is gone. */
  release(subscriber: Subscriber): void {
    const holder = this.#holders.get(subscriber);
    if (holder === undefined) return;
    this.#holders.delete(subscriber);
    const held = this.#memory.get(holder.memory);
    if (held === undefined) return;
    held.holders--;
    if (held.holders > 0) return;
    this.#memory.delete(holder.memory);
    this.#total -= held.bytes;
  }

  /**
   * Releases the most expensive subscribers if the cap is passed. The cost is the bytes of each,
   * shared with all holders of the same bytes, times the time held. So a peer that takes a byte now
   * and then gains nothing.
   *
   * @returns The subscribers that must be cut.
   */
  relieve(): readonly Subscriber[] {
    if (!this.isOver) return [];
    const now = monotonicMs();
    const costs: { readonly subscriber: Subscriber; readonly cost: number }[] = [];
    for (const [subscriber, { memory, sinceMs }] of this.#holders) {
      const held = this.#memory.get(memory);
      if (held !== undefined) costs.push({ subscriber, cost: (held.bytes / held.holders) * (now - sinceMs + 1) });
    }
    costs.sort((a, b) => b.cost - a.cost);
    const released: Subscriber[] = [];
    for (const { subscriber } of costs) {
      if (this.#total <= this.maxBytes * RELIEVED) break;
      this.release(subscriber);
      released.push(subscriber);
    }
    return released;
  }
}
