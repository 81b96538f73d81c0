import type { Dispatcher } from "../live/dispatcher.ts";
import type { Subscriber } from "../live/subscriber.ts";

/** Distance from the newest update. */
export interface Lag {
  /** Updates not sent yet, for the subscriber or not. */
  readonly updates: number;
  /**
   * Age of the first unsent update, in milliseconds, as nearly as is known without reading the
   * journal. 0 if there is none.
   */
  readonly ms: number;
}

export const NO_LAG: Lag = { updates: 0, ms: 0 };

/** Offset up to which a subscriber was sent its updates. */
export function sentUpTo(subscriber: Subscriber, dispatcher: Dispatcher): number {
  if (subscriber.state !== "live") return subscriber.cursor;
  return subscriber.cohort.deliveredUpTo(subscriber, dispatcher.position);
}

/** Measures how far behind a subscriber is. */
export function lagOf(subscriber: Subscriber, dispatcher: Dispatcher): Lag {
  const offset = sentUpTo(subscriber, dispatcher);
  const updates = dispatcher.position - offset;
  if (updates <= 0) return NO_LAG;
  // For records older than the ring, the time of the record before is known.
  const at = dispatcher.ring.entry(offset + 1)?.record.at ?? subscriber.passedAt;
  return { updates, ms: Math.max(0, Date.now() - at) };
}

/** Finds the greatest lag of any subscriber. */
export function greatestLag(subscribers: Iterable<Subscriber>, dispatcher: Dispatcher): Lag {
  let last: Subscriber | undefined;
  for (const subscriber of subscribers) if (last === undefined || subscriber.cursor < last.cursor) last = subscriber;
  return last === undefined ? NO_LAG : lagOf(last, dispatcher);
}
