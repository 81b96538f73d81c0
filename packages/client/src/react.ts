/**
 * Hooks for React 18 and later. `live` is undefined on a server without a full URL for `connect`.
 *
 * @module
 * @see docs/reference/client.md
 */
import { useMemo, useSyncExternalStore } from "react";
import type { ConnectionState } from "./connection-state.ts";
import type { Schema } from "./schema.ts";
import { latestStore, type MaybeLive, stateStore, type Store, topicStore } from "./stores.ts";
import type { Events, SchemaMap, Schemas, TopicEvent } from "./topic.ts";

/**
 * Returns the newest update of a topic or of a URL pattern, or undefined before the first.
 *
 * @param schemas - One for all event types, or one for each. The first render's schemas are used.
 */
export function useTopic(live: MaybeLive, pattern: string): TopicEvent | undefined;
export function useTopic<Data>(live: MaybeLive, pattern: string, schema: Schema<Data>): TopicEvent<Data> | undefined;
export function useTopic<Data extends Events>(
  live: MaybeLive,
  pattern: string,
  schemas: SchemaMap<Data>,
): TopicEvent<Data[keyof Data]> | undefined;
export function useTopic(live: MaybeLive, pattern: string, schemas?: Schemas): TopicEvent<unknown> | undefined {
  return useStore(() => topicStore(live, pattern, schemas), live, pattern);
}

/**
 * Returns the newest state of each topic of a pattern, by canonical topic.
 *
 * @param schema - The first render's schema is used.
 * @param last - Most topics of the snapshot. Default 1,000.
 */
export function useLatest(live: MaybeLive, pattern: string, schema?: undefined, last?: number): ReadonlyMap<string, string>;
export function useLatest<Data>(live: MaybeLive, pattern: string, schema: Schema<Data>, last?: number): ReadonlyMap<string, Data>;
export function useLatest(live: MaybeLive, pattern: string, schema?: Schema, last?: number): ReadonlyMap<string, unknown> {
  return useStore(() => latestStore(live, pattern, schema, last), live, pattern, last);
}

/** Returns the state of the connection. */
export function useConnection(live: MaybeLive): ConnectionState {
  return useStore(() => stateStore(live), live);
}

function useStore<Value>(create: () => Store<Value>, ...keys: readonly unknown[]): Value {
  const { subscribe, get, initial } = useMemo(create, keys);
  return useSyncExternalStore(subscribe, get, () => initial);
}
