/**
 * Stores for Svelte 4 and later. They are active while a component of a page is subscribed. `live`
 * is undefined on a server without a full URL for `connect`.
 *
 * @module
 * @see docs/reference/client.md
 */
import { readable, type Readable } from "svelte/store";
import type { ConnectionState } from "./connection-state.ts";
import type { Schema } from "./schema.ts";
import { latestStore, type MaybeLive, stateStore, type Store, topicStore } from "./stores.ts";
import type { Events, SchemaMap, Schemas, TopicEvent } from "./topic.ts";

/**
 * Makes a store of the newest update of a topic or of a URL pattern. The value is undefined before
 * the first.
 *
 * @param schemas - One for all event types, or one for each.
 */
export function topic(live: MaybeLive, pattern: string): Readable<TopicEvent | undefined>;
export function topic<Data>(live: MaybeLive, pattern: string, schema: Schema<Data>): Readable<TopicEvent<Data> | undefined>;
export function topic<Data extends Events>(
  live: MaybeLive,
  pattern: string,
  schemas: SchemaMap<Data>,
): Readable<TopicEvent<Data[keyof Data]> | undefined>;
export function topic(live: MaybeLive, pattern: string, schemas?: Schemas): Readable<TopicEvent<unknown> | undefined> {
  return toReadable(topicStore(live, pattern, schemas));
}

/**
 * Makes a store of the newest state of each topic of a pattern, by canonical topic.
 *
 * @param last - Most topics of the snapshot. Default 1,000.
 */
export function latest(live: MaybeLive, pattern: string, schema?: undefined, last?: number): Readable<ReadonlyMap<string, string>>;
export function latest<Data>(live: MaybeLive, pattern: string, schema: Schema<Data>, last?: number): Readable<ReadonlyMap<string, Data>>;
export function latest(live: MaybeLive, pattern: string, schema?: Schema, last?: number): Readable<ReadonlyMap<string, unknown>> {
  return toReadable(latestStore(live, pattern, schema, last));
}

/** Makes a store of the connection's state. */
export function connection(live: MaybeLive): Readable<ConnectionState> {
  return toReadable(stateStore(live));
}

function toReadable<Value>({ initial, get, subscribe }: Store<Value>): Readable<Value> {
  return readable(initial, (set) => {
    // Svelte subscribes on a server too.
    if (typeof document === "undefined") return;
    const show = (): void => set(get());
    const stop = subscribe(show);
    show();
    return stop;
  });
}
