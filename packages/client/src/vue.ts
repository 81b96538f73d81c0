/**
 * Composables for Vue 3.3 and later. They end with the scope that they are called in. `live` is
 * undefined on a server without a full URL for `connect`.
 *
 * @module
 * @see docs/reference/client.md
 */
import { type MaybeRefOrGetter, type ShallowRef, shallowRef, toValue, watchPostEffect } from "vue";
import type { ConnectionState } from "./connection-state.ts";
import type { Schema } from "./schema.ts";
import { latestStore, type MaybeLive, stateStore, type Store, topicStore } from "./stores.ts";
import type { Events, SchemaMap, Schemas, TopicEvent } from "./topic.ts";

type Pattern = MaybeRefOrGetter<string>;
type Shown<Value> = Readonly<ShallowRef<Value>>;

/**
 * Follows the newest update of a topic or of a URL pattern. The value is undefined before the
 * first.
 *
 * @param pattern - A text, a ref or a getter.
 * @param schemas - One for all event types, or one for each.
 */
export function useTopic(live: MaybeLive, pattern: Pattern): Shown<TopicEvent | undefined>;
export function useTopic<Data>(live: MaybeLive, pattern: Pattern, schema: Schema<Data>): Shown<TopicEvent<Data> | undefined>;
export function useTopic<Data extends Events>(
  live: MaybeLive,
  pattern: Pattern,
  schemas: SchemaMap<Data>,
): Shown<TopicEvent<Data[keyof Data]> | undefined>;
export function useTopic(live: MaybeLive, pattern: Pattern, schemas?: Schemas): Shown<TopicEvent<unknown> | undefined> {
  return useStore(() => topicStore(live, toValue(pattern), schemas));
}

/**
 * Follows the newest state of each topic of a pattern, by canonical topic.
 *
 * @param pattern - A text, a ref or a getter.
 * @param last - Most topics of the snapshot. Default 1,000.
 */
export function useLatest(live: MaybeLive, pattern: Pattern, schema?: undefined, last?: number): Shown<ReadonlyMap<string, string>>;
export function useLatest<Data>(live: MaybeLive, pattern: Pattern, schema: Schema<Data>, last?: number): Shown<ReadonlyMap<string, Data>>;
export function useLatest(live: MaybeLive, pattern: Pattern, schema?: Schema, last?: number): Shown<ReadonlyMap<string, unknown>> {
  return useStore(() => latestStore(live, toValue(pattern), schema, last));
}

/** Follows the state of the connection. */
export function useConnection(live: MaybeLive): Shown<ConnectionState> {
  return useStore(() => stateStore(live));
}

/** The effect runs after the mount, so never on a server and never before hydration. */
function useStore<Value>(create: () => Store<Value>): Shown<Value> {
  const value = shallowRef(create().initial);
  watchPostEffect((onCleanup) => {
    const { get, subscribe } = create();
    const show = (): void => {
      value.value = get();
    };
    onCleanup(subscribe(show));
    show();
  });
  return value;
}
