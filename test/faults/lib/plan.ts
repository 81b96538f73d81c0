import type { Entry, Subscription } from "../checker/history.ts";

/** Who a subscriber connects with: a bare request, the `eventsource` package, or our own client. */
export type Reader = "request" | "eventsource" | "client";

/** One subscriber: what it asks the hub for, and what the checker is told of it. */
export interface SubscriberPlan extends Subscription {
  readonly reader: Reader;
  /** `match`, `match_urlpattern`, `interval` and so on; the cursor is the reader's. */
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly token?: string | undefined;
}

/** How one publisher sends: each update alone as a form or as JSON, or batches of up to so many. */
export type Lane = LaneHabits &
  ({ readonly kind: "form" | "json" } | { readonly kind: "ndjson" | "array"; /** Of one batch. */ readonly most: number });

interface LaneHabits {
  readonly name: string;
  readonly ownIds: boolean;
  /** Sends an idempotency key, and tries again for as long as it does not know what became of an update; else it never does. */
  readonly triesAgain: boolean;
}

/** What the publisher program is started with. */
export interface PublisherConfig {
  readonly hub: string;
  readonly token: string;
  readonly log: string;
  readonly seed: number;
  readonly lanes: readonly Lane[];
  /** Topics for everyone, and topics whose updates are private. */
  readonly topics: readonly string[];
  readonly privateTopics: readonly string[];
  /** All lanes together. */
  readonly perSecond: number;
  /** Length of the data, in bytes: up to so much, now and then. */
  readonly mostBytes: number;
  /** It stops when so many are acknowledged. */
  readonly updates: number;
}

/** The lane of the last update of a run. */
export const END_LANE = "end";

/** What a subscriber's log has: besides the entries for the checker, when connections were lost. */
export type LogLine = Entry | { readonly kind: "lost"; readonly atMs: number; readonly reason: string };

/** What the subscriber program is started with. */
export interface SubscribersConfig {
  readonly hub: string;
  /** Each subscriber logs to `NAME.ndjson` there. */
  readonly directory: string;
}

export type ToPublisher = { readonly kind: "start"; readonly config: PublisherConfig } | { readonly kind: "stop" };
export type FromPublisher = {
  readonly kind: "progress";
  readonly acknowledged: number;
  readonly failed: number;
  readonly unknown: number;
  readonly done: boolean;
};
export type ToSubscribers =
  | { readonly kind: "start"; readonly config: SubscribersConfig }
  | { readonly kind: "open"; readonly plans: readonly SubscriberPlan[] }
  /** Those that have not come to the end give up. */
  | { readonly kind: "stop" };
export type FromSubscribers = { readonly kind: "progress"; readonly opened: number; readonly received: number; readonly finished: number };
