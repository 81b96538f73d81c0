import type { Subscriber, TokenExpiry } from "../live/subscriber.ts";

/** Events that come due for a subscriber with a token. */
export type ExpiryEvent = "warn" | "end";

/**
 * Times in whole seconds at which subscribers are warned that their token ends, and ended. A stream
 * must not outlive its token, so all times within a second are due at its beginning.
 */
export class ExpiryWheel {
  readonly #slots = new Map<number, Map<Subscriber, ExpiryEvent>>();
  #next = Infinity;

  /** Sets the times of a subscriber that has none. */
  add(subscriber: Subscriber, expiry: TokenExpiry): void {
    subscriber.expiry = expiry;
    this.#add(subscriber, "warn", expiry.warnAtMs);
    this.#add(subscriber, "end", expiry.endAtMs);
  }

  #add(subscriber: Subscriber, event: ExpiryEvent, atMs: number): void {
    const second = Math.floor(atMs / 1000);
    const slot = this.#slots.get(second) ?? new Map<Subscriber, ExpiryEvent>();
    // If both fall together, the end wins.
    if (slot.get(subscriber) !== "end") slot.set(subscriber, event);
    this.#slots.set(second, slot);
    this.#next = Math.min(this.#next, second);
  }

  /** Takes out all events that are due until `nowMs`. */
  *due(nowMs: number): Generator<readonly [Subscriber, ExpiryEvent]> {
    const now = Math.floor(nowMs / 1000);
    for (; this.#next <= now && this.#slots.size > 0; this.#next++) {
      const slot = this.#slots.get(this.#next);
      if (slot === undefined) continue;
      this.#slots.delete(this.#next);
      for (const [subscriber, event] of slot) if (subscriber.state !== "closed") yield [subscriber, event];
    }
    if (this.#slots.size === 0) this.#next = Infinity;
  }

  remove(subscriber: Subscriber): void {
    const { expiry } = subscriber;
    if (expiry === undefined) return;
    subscriber.expiry = undefined;
    for (const atMs of [expiry.warnAtMs, expiry.endAtMs]) {
      const second = Math.floor(atMs / 1000);
      const slot = this.#slots.get(second);
      slot?.delete(subscriber);
      if (slot?.size === 0) this.#slots.delete(second);
    }
  }
}
