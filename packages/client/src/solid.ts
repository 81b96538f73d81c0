/**
 * Signals for Solid 1.6 and later. They end with their owner. `live` is undefined on a server
 * without a full URL for `connect`.
 *
 * @module
 * @see docs/reference/client.md
 */
import { type Accessor, createEffect, createSignal, onCleanup, untrack } from "solid-js";
import type { ConnectionState } from "./connection-state.ts";
import type { Schema } from "./schema.ts";
import { latestStore, type MaybeLive, stateStore, type Store, topicStore } from "./stores.ts";
import type { Events, SchemaMap, Schemas, TopicEvent } from "./topic.ts";

type Pattern = string | Accessor<string>;

/**
 * Follows the newest update of a topic or of a URL pattern. The value is undefined before the
 * first.
 *
 * @param pattern - A text, or an accessor such as `() => props.topic`.
 * @param schemas - One for all event types, or one for each.
 */
export function useTopic(live: MaybeLive, pattern: Pattern): Accessor<TopicEvent | undefined>;
export function useTopic<Data>(live: MaybeLive, pattern: Pattern, schema: Schema<Data>): Accessor<TopicEvent<Data> | undefined>;
export function useTopic<Data extends Events>(
  live: MaybeLive,
  pattern: Pattern,
  schemas: SchemaMap<Data>,
): Accessor<TopicEvent<Data[keyof Data]> | undefined>;
export function useTopic(live: MaybeLive, pattern: Pattern, schemas?: Schemas): Accessor<TopicEvent<unknown> | undefined> {
  return useStore(() => topicStore(live, textOf(pattern), schemas));
}

/**
 * Follows the newest state of each topic of a pattern, by canonical topic.
 *
 * @param pattern - A text, or an accessor.
 * @param last - Most topics of the snapshot. Default 1,000.
 */
export function useLatest(live: MaybeLive, pattern: Pattern, schema?: undefined, last?: number): Accessor<ReadonlyMap<string, string>>;
export function useLatest<Data>(
  live: MaybeLive,
  pattern: Pattern,
  schema: Schema<Data>,
  last?: number,
): Accessor<ReadonlyMap<string, Data>>;
export function useLatest(live: MaybeLive, pattern: Pattern, schema?: Schema, last?: number): Accessor<ReadonlyMap<string, unknown>> {
  return useStore(() => latestStore(live, textOf(pattern), schema, last));
}

/** Follows the state of the connection. */
export function useConnection(live: MaybeLive): Accessor<ConnectionState> {
  return useStore(() => stateStore(live));
}

function textOf(pattern: Pattern): string {
  return typeof pattern === "string" ? pattern : pattern();
}

/** An effect runs in a page only, and after the first render. */
function useStore<Value>(create: () => Store<Value>): Accessor<Value> {
  const [value, setValue] = createSignal(untrack(create).initial);
  createEffect(() => {
    const { get, subscribe } = create();
    const show = (): void => void setValue(get);
    onCleanup(subscribe(show));
    show();
  });
  return value;
}
