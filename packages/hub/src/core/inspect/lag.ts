import type { Dispatcher } from "../live/dispatcher.ts";
import type { Subscriber } from "../live/subscriber.ts";

/** How far behind the newest update. */
export interface Lag {
  /** Updates that were not sent yet, whether they are for the subscriber or not. */
  readonly updates: number;
  /** How long ago the first of them was appended, in milliseconds, as nearly as is known without reading the journal; 0 where there is none. */
  readonly ms: number;
}

export const NO_LAG: Lag = { updates: 0, ms: 0 };

/** Up to where a subscriber was sent what is for it. */
export function sentUpTo(subscriber: Subscriber, dispatcher: Dispatcher): number {
  if (subscriber.state !== "live") return subscriber.cursor;
  return subscriber.cohort.deliveredUpTo(subscriber, dispatcher.position);
}

/** How far behind a subscriber is. */
export function lagOf(subscriber: Subscriber, dispatcher: Dispatcher): Lag {
  const offset = sentUpTo(subscriber, dispatcher);
  const updates = dispatcher.position - offset;
  if (updates <= 0) return NO_LAG;
  // Of what is older than the ring, the time of the record before it is known.
  const at = dispatcher.ring.entry(offset + 1)?.record.at ?? subscriber.passedAt;
  return { updates, ms: Math.max(0, Date.now() - at) };
}

/** How far behind the last one is. */
export function greatestLag(subscribers: Iterable<Subscriber>, dispatcher: Dispatcher): Lag {
  let last: Subscriber | undefined;
  for (const subscriber of subscribers) if (last === undefined || subscriber.cursor < last.cursor) last = subscriber;
  return last === undefined ? NO_LAG : lagOf(last, dispatcher);
}
