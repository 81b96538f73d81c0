import type { Matcher } from "./matcher.ts";

/** One subscription as presence shows it: a subscriber, one of its matchers, and whether it is there. */
export interface SubscriptionDocument {
  /** The path of the hub's URL, and below it the matcher and the subscriber: the topic of its events, and its address. */
  readonly id: string;
  readonly type: "subscription";
  readonly match_type: string;
  readonly match: string;
  readonly subscriber: string;
  readonly active: boolean;
  /** What the subscriber's token says about such a subscription. */
  readonly payload?: unknown;
}

/** What `encodeURIComponent` leaves, and a variable's expansion does not (RFC 6570, 3.2.2). */
const LEFT = /[!'()*]/g;

/** Expands a variable of a path, encoding it exactly once. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(LEFT, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Describes an active subscription.
 *
 * @param hubPath - The path of the hub's URL.
 * @param subscriber - The subscriber's id, of the connection alone: no peer chooses it.
 * @see Mercure, "Subscription Events".
 */
export function describeSubscription(hubPath: string, matcher: Matcher, subscriber: string, payload: unknown): SubscriptionDocument {
  const name = `urn:uuid:${subscriber}`;
  return {
    id: `${hubPath}/subscriptions/${matcher.type}/${encodeSegment(matcher.pattern)}/${encodeSegment(name)}`,
    type: "subscription",
    match_type: matcher.type,
    match: matcher.pattern,
    subscriber: name,
    active: true,
    ...(payload === undefined ? {} : { payload }),
  };
}

/** Most characters of a matcher in a key. Longer ones that begin alike share a key's beginning, and are told apart by their documents. */
const KEY_CHARACTERS = 300;

/** The entries of all subscriptions, of those of a matcher, or of one subscriber with that matcher begin with this. */
export function subscriptionPrefix(matcher?: { readonly type: string; readonly pattern: string }, subscriber?: string): string {
  const parts = ["subscription"];
  if (matcher !== undefined) parts.push(matcher.type, encodeSegment(matcher.pattern).slice(0, KEY_CHARACTERS));
  if (subscriber !== undefined) parts.push(encodeSegment(subscriber).slice(0, KEY_CHARACTERS));
  return `${parts.join("/")}/`;
}
