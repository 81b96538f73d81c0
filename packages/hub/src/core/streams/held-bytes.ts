import { monotonicMs } from "../scheduler.ts";
import type { Subscriber } from "../live/subscriber.ts";

/** Where the cap was reached, connections are cut until this part of it is held. */
const RELIEVED = 0.75;

interface Holder {
  /** What is in memory because of it; those that were sent the same bytes hold one and the same. */
  readonly memory: object;
  readonly sinceMs: number;
}

/**
 * The bytes that connections hold which their peers have not taken yet, and a cap on them. A slow reader's queue is the journal, so it holds one write at the
 * most; this is the bound on all of them together. Bytes that many hold are counted once, for they are once in memory.
 *
 * @see docs/decisions/held-bytes.md
 */
export class HeldBytes {
  readonly #maxBytes: number;
  readonly #holders = new Map<Subscriber, Holder>();
  readonly #memory = new Map<object, { readonly bytes: number; holders: number }>();
  #total = 0;

  /** @param maxBytes - The cap. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes held by all together. */
  get total(): number {
    return this.#total;
  }

  get isOver(): boolean {
    return this.#total > this.#maxBytes;
  }

  /** The subscriber's sink did not take all of these. Once until it is released. */
  hold(subscriber: Subscriber, bytes: Uint8Array): void {
    this.release(subscriber);
    // What keeps them in memory is the buffer that they are a part of.
    const memory: object = subscriber.sink.copies === true ? subscriber : bytes.buffer;
    const known = this.#memory.get(memory);
    if (known === undefined) {
      const size = memory === subscriber ? bytes.length : bytes.buffer.byteLength;
      this.#memory.set(memory, { bytes: size, holders: 1 });
      this.#total += size;
    } else known.holders++;
    this.#holders.set(subscriber, { memory, sinceMs: monotonicMs() });
  }

  /** It took them, or is gone. */
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
   * Releases those that cost most, where the cap is passed: by the bytes of each, shared with those that hold the same, times how long it holds them. So one
   * that takes a byte now and then gains nothing by it.
   *
   * @returns Those that must be cut.
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
      if (this.#total <= this.#maxBytes * RELIEVED) break;
      this.release(subscriber);
      released.push(subscriber);
    }
    return released;
  }
}
