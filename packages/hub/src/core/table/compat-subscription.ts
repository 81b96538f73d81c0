import { encodeSegment, type SubscriptionDocument } from "../matching/subscription.ts";

/** A subscription in the form of Mercure 0.x: JSON-LD, with a topic selector. */
export interface CompatSubscription {
  /**
   * The path of the hub's URL, followed by the selector and the subscriber. Both the topic of its
   * events and its address.
   */
  readonly id: string;
  readonly type: "Subscription";
  readonly subscriber: string;
  readonly topic: string;
  readonly active: boolean;
  readonly payload?: unknown;
}

/** The context of the documents of Mercure 0.x. */
export const COMPAT_CONTEXT = "https://mercure.rocks/";

/**
 * Tells whether a subscription was made in the form of Mercure 0.x, and is announced in that form.
 */
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
