/**
 * The client for pages and programs, built on Web APIs alone. It subscribes with resumption, shares
 * one connection, and publishes.
 *
 * @module
 */
export { connect } from "./connect.ts";
export { connectTopics } from "./connection.ts";
export type { ConnectionState } from "./connection-state.ts";
export { ClientError } from "./error.ts";
export type { ClientEvent } from "./event-parser.ts";
export type { StateDetail, SubscriptionState } from "./follow-options.ts";
export type { Latest } from "./latest.ts";
export type { ConnectOptions, ConnectTopicsOptions, Gap, Live, LiveTopics } from "./live.ts";
export { publish, type Published, type PublishOptions } from "./publish.ts";
export { json, type Schema, type Validated } from "./schema.ts";
export { subscribe, type SubscribeOptions, type Subscription } from "./subscribe.ts";
export type { TokenSource } from "./token.ts";
export type { Events, SchemaMap, Topic, TopicEvent } from "./topic.ts";
export type { UpdateInput } from "./update.ts";
