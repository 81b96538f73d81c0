import type { ConnectionState } from "./connection-state.ts";
import type { FollowOptions } from "./follow-options.ts";
import type { Latest } from "./latest.ts";
import type { QueueOptions } from "./queue.ts";
import type { Schema } from "./schema.ts";
import type { Events, OnInvalid, SchemaMap, Topic } from "./topic.ts";
import type { UpdateInput } from "./update.ts";

/** The hub's word on updates that it no longer holds. */
export interface Gap {
  readonly requested: string | undefined;
  readonly first: string | undefined;
  readonly reason: string | undefined;
}

/** Options of `connectTopics`. */
export interface ConnectTopicsOptions extends Omit<FollowOptions, "onState"> {
  /**
   * `tabs`: all tabs of the origin with the same URL and user have one connection. Needs Web Locks,
   * which need HTTPS or localhost. Elsewhere each tab has its own. Default: one for each `connect`.
   */
  readonly share?: "tabs" | undefined;
  /**
   * Names the user where a cookie does. Tabs with different keys do not share. With a token, its
   * claims are compared as well.
   */
  readonly shareKey?: string | undefined;
  /**
   * Pauses the stream in a tab that was hidden for this long, in milliseconds. A tab that shares the
   * stream with a visible one goes on. Default: never.
   */
  readonly pauseHiddenMs?: number | undefined;
  /** Longest wait for a stream's first bytes, before updates are polled for. Default 6,000. */
  readonly firstByteMs?: number | undefined;
  /** How long to poll before a stream is tried again, in milliseconds. Default 300,000. */
  readonly pollMs?: number | undefined;
  /** Called with an update that its schema refuses. The stream goes on. */
  readonly onInvalid?: OnInvalid | undefined;
}

/** Options of `connect`. */
export interface ConnectOptions extends ConnectTopicsOptions, QueueOptions {}

/** A connection that all parts of a page share, for its topics. */
export interface LiveTopics {
  readonly state: ConnectionState;
  /** @returns Removes the listener. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Calls a listener when updates are missing. @returns Removes the listener. */
  onGap(listener: (gap: Gap) => void): () => void;
  /**
   * The updates of a topic, or of all topics of a URL pattern such as `/orders/:id`. `*` is every
   * topic. The hub is asked for them while there is a listener.
   *
   * @param schemas - One for all event types, or one for each. Data is then JSON.
   * @throws TypeError for no text, or a pattern that this platform can't match.
   */
  topic(pattern: string): Topic<Record<string, string>>;
  topic<Data>(pattern: string, schema: Schema<Data>): Topic<Record<string, Data>>;
  topic<Data extends Events>(pattern: string, schemas: SchemaMap<Data>): Topic<Data>;
  /** Ends the connection for all who use it. */
  close(): void;
}

/** A connection that all parts of a page share, with snapshots and publishing. */
export interface Live extends LiveTopics {
  /**
   * The newest state of each topic of a pattern, from a snapshot and from the updates that follow.
   *
   * @param last - Most topics of the snapshot. Default 1,000. The hub refuses more than its `--max-snapshot`.
   * @throws TypeError as `topic`, and for a `last` that is no whole number.
   */
  latest(pattern: string, schema?: undefined, last?: number): Latest<string>;
  latest<Data>(pattern: string, schema: Schema<Data>, last?: number): Latest<Data>;
  /**
   * Publishes an update, in the order of the calls. Tries again while the hub cannot be reached.
   *
   * @returns The event id.
   * @throws ClientError The hub's refusal, `queue_full`, `too_old` or `closed`.
   */
  publish(update: UpdateInput): Promise<string>;
}
