import type { Matcher } from "./matcher.ts";

/**
 * One subscription in presence: a subscriber, one of its matchers, and whether the subscription is
 * active.
 */
export interface SubscriptionDocument {
  /**
   * The path of the hub's URL, followed by the matcher and the subscriber. Both the topic of its
   * events and its address.
   */
  readonly id: string;
  readonly type: "subscription";
  readonly match_type: string;
  readonly match: string;
  readonly subscriber: string;
  readonly active: boolean;
  /** The token's payload for the subscription. */
  readonly payload?: unknown;
}

/**
 * Characters that `encodeURIComponent` leaves, and a variable's expansion does not (RFC 6570,
 * 3.2.2).
 */
const LEFT = /[!'()*]/g;

/** Expands a variable of a path, encoding it exactly once. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(LEFT, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Describes an active subscription.
 *
 * @param hubPath - The path of the hub's URL.
 * @param subscriber - Id of the subscriber's connection. No peer chooses the id.
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

/**
 * Most characters of a matcher in a key. Longer matchers with the same beginning share that part of
 * the key, and are told apart by their documents.
 */
const KEY_CHARACTERS = 300;

/**
 * Key prefix of the entries of all subscriptions, of a matcher's subscriptions, or of one
 * subscriber's with that matcher.
 */
export function subscriptionPrefix(matcher?: { readonly type: string; readonly pattern: string }, subscriber?: string): string {
  const parts = ["subscription"];
  if (matcher !== undefined) parts.push(matcher.type, encodeSegment(matcher.pattern).slice(0, KEY_CHARACTERS));
  if (subscriber !== undefined) parts.push(encodeSegment(subscriber).slice(0, KEY_CHARACTERS));
  return `${parts.join("/")}/`;
}
