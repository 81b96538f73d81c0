import { encodeSegment, type SubscriptionDocument } from "../matching/subscription.ts";

/** A subscription as clients of Mercure 0.x know it: JSON-LD, with a topic selector. */
export interface CompatSubscription {
  /** The path of the hub's URL, and below it the selector and the subscriber: the topic of its events, and its address. */
  readonly id: string;
  readonly type: "Subscription";
  readonly subscriber: string;
  readonly topic: string;
  readonly active: boolean;
  readonly payload?: unknown;
}

/** The context of the documents of Mercure 0.x. */
export const COMPAT_CONTEXT = "https://mercure.rocks/";

/** Whether a subscription was made as in Mercure 0.x, and is told of as there. */
export function isCompat(document: SubscriptionDocument): boolean {
  return document.match_type === "uritemplate";
}

/** Describes a subscription as Mercure 0.x does. */
export function compatSubscription(hubPath: string, { subscriber, match, active, payload }: SubscriptionDocument): CompatSubscription {
  return {
    id: `${hubPath}/subscriptions/${encodeSegment(match)}/${encodeSegment(subscriber)}`,
    type: "Subscription",
    subscriber,
    topic: match,
    active,
    ...(payload === undefined || payload === null ? {} : { payload }),
  };
}
