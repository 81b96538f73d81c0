import { createBackoff } from "./backoff.ts";
import { errorOfFailure } from "./error.ts";
import type { ClientEvent } from "./event-parser.ts";
import { call } from "./listeners.ts";
import type { Schema } from "./schema.ts";
import { createTopic, type Listen, type OnInvalid } from "./topic.ts";
import { sleep } from "./waits.ts";

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
 * @param closed - Ends all that waits.
 */
export function createLatest<Data>(
  listen: Listen,
  schema: Schema<Data> | undefined,
  onInvalid: OnInvalid | undefined,
  onOpen: (opened: () => void) => () => void,
  snapshot: (stopped: AbortSignal) => Promise<readonly ClientEvent[]>,
  closed: AbortSignal,
): Latest<Data> {
  const closing = new AbortController();
  const stopped = closing.signal;
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
    call(listeners);
  });
  /** Counts the snapshots that were asked for. The last one counts. */
  let asked = 0;
  async function take(backoff = createBackoff(1000, 30_000)): Promise<void> {
    const mine = ++asked;
    fresh.clear();
    try {
      for (const event of await snapshot(stopped)) if (mine === asked && !fresh.has(String(event.topics?.[0]))) inject(event);
    } catch (error) {
      const { temporary, retryAfterMs } = errorOfFailure(error);
      if (!temporary || stopped.aborted) return;
      await sleep(backoff.next(retryAfterMs), stopped);
      if (mine === asked) await take(backoff);
    }
  }
  const ignore = onOpen(() => void take());
  const close = (): void => {
    asked = 0;
    closing.abort();
    ignore();
    stop();
  };
  closed.addEventListener("abort", close, { signal: stopped });

  return {
    get current() {
      return (current ??= new Map(states));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close,
  };
}
