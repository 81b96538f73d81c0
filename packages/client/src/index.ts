/**
 * The client for pages and programs, built on Web APIs alone. It subscribes with resumption, and
 * publishes.
 *
 * @module
 */
export { ClientError } from "./error.ts";
export type { ClientEvent } from "./event-parser.ts";
export { publish, type Published, type PublishOptions } from "./publish.ts";
export { subscribe, type StateDetail, type SubscribeOptions, type Subscription, type SubscriptionState } from "./subscribe.ts";
export type { TokenSource } from "./token.ts";
export type { UpdateInput } from "./update.ts";
