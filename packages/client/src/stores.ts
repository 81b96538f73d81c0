import { type ConnectionState, NO_STATE } from "./connection-state.ts";
import type { Latest } from "./latest.ts";
import type { Live } from "./live.ts";
import type { Schema } from "./schema.ts";
import type { Schemas, TopicEvent } from "./topic.ts";

/** A connection, or undefined on a server that renders pages. */
export type MaybeLive = Live | undefined;

/** A value that components show. Each framework's entry turns it into the framework's own kind. */
export interface Store<Value> {
  /** The value on a server, and in a page until hydration has ended. */
  readonly initial: Value;
  readonly get: () => Value;
  /** @returns Ends the subscription. */
  readonly subscribe: (changed: () => void) => () => void;
}

/** A snapshot that several components share. */
interface Shared {
  readonly latest: Latest<unknown>;
  users: number;
}

const NO_TOPICS: ReadonlyMap<string, unknown> = new Map();

/** Snapshots in use, by connection, schema and query. */
const snapshots = new WeakMap<object, WeakMap<object, Map<string, Shared>>>();

const nothing = (): void => undefined;

/** The newest update of a topic or of a pattern. */
export function topicStore(live: MaybeLive, pattern: string, schemas: Schemas | undefined): Store<TopicEvent<unknown> | undefined> {
  let event: TopicEvent<unknown> | undefined;
  return {
    initial: undefined,
    get: () => event,
    subscribe(changed) {
      if (live === undefined) return nothing;
      return live.topic(pattern, schemas as Schema).on("*", (next) => {
        event = next;
        changed();
      });
    },
  };
}

/** The newest state of each topic. Components with the same arguments share one snapshot. */
export function latestStore(
  live: MaybeLive,
  pattern: string,
  schema: Schema | undefined,
  last: number | undefined,
): Store<ReadonlyMap<string, unknown>> {
  const key = `${last} ${pattern}`;
  let latest: Latest<unknown> | undefined;
  return {
    initial: NO_TOPICS,
    get: () => latest?.current ?? NO_TOPICS,
    subscribe(changed) {
      if (live === undefined) return nothing;
      const bySchema = entry(snapshots, live, () => new WeakMap<object, Map<string, Shared>>());
      const byKey = entry(bySchema, schema ?? live, () => new Map<string, Shared>());
      const shared = entry(byKey, key, () => ({ latest: live.latest(pattern, schema as Schema, last), users: 0 }));
      latest = shared.latest;
      shared.users++;
      const stop = latest.subscribe(changed);
      return () => {
        stop();
        if (--shared.users > 0) return;
        byKey.delete(key);
        shared.latest.close();
      };
    },
  };
}

/** The state of a connection. */
export function stateStore(live: MaybeLive): Store<ConnectionState> {
  return {
    initial: NO_STATE,
    get: () => live?.state ?? NO_STATE,
    subscribe: (changed) => live?.onState(changed) ?? nothing,
  };
}

function entry<Key, Value>(
  map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
