import type { ClientEvent } from "./event-parser.ts";
import type { Schema } from "./schema.ts";
import { createTopic, type Listen, type OnInvalid } from "./topic.ts";

/** The newest state of each topic. */
export interface Latest<Data> {
  /** The state by canonical topic. Each change makes another map. */
  readonly current: ReadonlyMap<string, Data>;
  /** @returns Removes the listener. */
  subscribe(listener: () => void): () => void;
  close(): void;
}

/**
 * Keeps the newest state of each topic.
 *
 * @param onOpen - Calls back when the stream brings the updates from now on, and again after a gap.
 * @param snapshot - Asks for the newest update of each topic.
 */
export function createLatest<Data>(
  listen: Listen,
  schema: Schema<Data> | undefined,
  onInvalid: OnInvalid | undefined,
  onOpen: (opened: () => void) => () => void,
  snapshot: () => Promise<readonly ClientEvent[]>,
): Latest<Data> {
  const listeners = new Set<() => void>();
  const states = new Map<string, Data>();
  /** Topics with an update that is newer than the snapshot to come. */
  const fresh = new Set<string>();
  let current: ReadonlyMap<string, Data> | undefined;
  let inject: (event: ClientEvent) => void;

  const source: Listen = (take) => {
    inject = take;
    return listen((event) => {
      fresh.add(String(event.topics?.[0]));
      take(event);
    });
  };
  const stop = createTopic<Record<string, Data>>(source, schema, onInvalid).on("*", ({ topics, data }) => {
    states.set(String(topics[0]), data);
    current = undefined;
    for (const listener of listeners) listener();
  });
  async function take(): Promise<void> {
    fresh.clear();
    const events = await snapshot().catch(() => []);
    for (const event of events) if (!fresh.has(String(event.topics?.[0]))) inject(event);
  }
  const ignore = onOpen(() => void take());

  return {
    get current() {
      return (current ??= new Map(states));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      ignore();
      stop();
    },
  };
}
