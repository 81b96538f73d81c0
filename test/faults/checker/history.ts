/** What became of a publish, as its publisher knows: answered with the event id; refused, or never sent; no answer, so it may be in the journal. */
export type Outcome = "ok" | "failed" | "unknown";

/** One update, as its publisher logged it. */
export interface Publish {
  /** Names the update in its data: `LANE-SEQUENCE`. */
  readonly key: string;
  /** Who sent it: one after the other, each when the one before was answered. */
  readonly lane: string;
  readonly topics: readonly string[];
  readonly private: boolean;
  readonly outcome: Outcome;
  /** The status of the answer; or why there is none. For people: the checker goes by the outcome. */
  readonly answer: string;
  /** When it was sent, and when that ended, by the machine's monotonic clock. */
  readonly begunMs: number;
  readonly endedMs: number;
  /** The event id of the answer. */
  readonly id?: string | undefined;
  /** How often it was sent, with one idempotency key. Default 1. */
  readonly attempts?: number | undefined;
}

/** What a subscriber asked for, spelled out topic by topic: the checker compiles no matchers, so it can't share a mistake with the hub. */
export interface Subscription {
  readonly name: string;
  /** The topics that its matchers select. */
  readonly topics: readonly string[];
  /** The topics whose private updates its token lets it read. */
  readonly granted: readonly string[];
  /** Whether it began with all that is held, or with what is published from its first connection on. */
  readonly from: "earliest" | "live";
  /** Whether it may leave before it has everything. */
  readonly leaves?: boolean | undefined;
}

/** What happened to a subscriber, in order. */
export type Entry =
  | { readonly kind: "opened"; readonly atMs: number }
  | { readonly kind: "update"; readonly key: string; readonly id: string }
  /** Said by the hub: some updates are missing here. */
  | { readonly kind: "gap"; readonly reason: string }
  /** An event that is not what anyone published. */
  | { readonly kind: "damaged"; readonly text: string }
  /** It has received the last update of all. */
  | { readonly kind: "end" };

export interface SubscriberLog {
  readonly subscription: Subscription;
  readonly entries: Iterable<Entry>;
}

/** All that is known of a run. */
export interface History {
  readonly publishes: Iterable<Publish>;
  readonly subscribers: Iterable<SubscriberLog>;
}

/**
 * How a promise was broken:
 * - `lost`: acknowledged, matched, readable, not delivered, and no gap said so;
 * - `repeated`: delivered to one subscriber twice;
 * - `reordered`: subscribers disagree about the order, or with the publisher who waited for each answer;
 * - `leaked`: private, and delivered to a subscriber without the grant;
 * - `stray`: of a topic that the subscriber did not ask for;
 * - `invented`: never published, or refused, and delivered nevertheless;
 * - `damaged`: delivered with other data or another id than it was published with;
 * - `unfinished`: a subscriber that did not come to the end.
 */
export const VIOLATIONS = ["lost", "repeated", "reordered", "leaked", "stray", "invented", "damaged", "unfinished"] as const;

export interface Violation {
  readonly kind: (typeof VIOLATIONS)[number];
  readonly subscriber: string;
  /** The update's key; empty where there is none. */
  readonly update: string;
  readonly detail: string;
}

export interface Verdict {
  /** How many there are of each kind. */
  readonly counts: Readonly<Record<Violation["kind"], number>>;
  readonly violations: number;
  /** The first few of each kind. */
  readonly examples: readonly Violation[];
  readonly acknowledged: number;
  readonly failed: number;
  readonly unknown: number;
  /** Unknown ones that were delivered. */
  readonly unknownDelivered: number;
  /** Acknowledged ones that were sent more than once. */
  readonly triedAgain: number;
  readonly received: number;
  readonly connections: number;
  readonly gaps: number;
}
