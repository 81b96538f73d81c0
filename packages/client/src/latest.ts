import { createBackoff } from "./backoff.ts";
import { type ClientError, errorOfFailure } from "./error.ts";
import type { ClientEvent } from "./event-parser.ts";
import { add, call } from "./listeners.ts";
import type { Schema } from "./schema.ts";
import { createTopic, type Listen, type OnClosed, type OnInvalid } from "./topic.ts";
import { sleep } from "./waits.ts";

/** The newest state of each topic. */
export interface Latest<Data> {
  /** The state by canonical topic. Each change makes another map. */
  readonly current: ReadonlyMap<string, Data>;
  /**
   * Why the snapshot is missing. The hub is asked again while the stream is live. Undefined once the
   * snapshot is there.
   */
  readonly error: ClientError | undefined;
  /** Calls a listener when the states or the error change. @returns Removes the listener. */
  subscribe(listener: () => void): () => void;
  close(): void;
}

/**
 * Keeps the newest state of each topic.
 *
 * @param onOpen - Calls back when the stream brings the updates from now on, and again after a gap.
 *   Returns the removal.
 * @param snapshot - Asks for the newest update of each topic.
 * @param onClosed - Ends all that waits.
 */
export function createLatest<Data>(
  listen: Listen,
  schema: Schema<Data> | undefined,
  onInvalid: OnInvalid | undefined,
  onOpen: (opened: () => void) => () => void,
  snapshot: (stopped: AbortSignal) => Promise<readonly ClientEvent[]>,
  onClosed: OnClosed,
): Latest<Data> {
  const closing = new AbortController();
  const stopped = closing.signal;
  const listeners = new Set<() => void>();
  const states = new Map<string, Data>();
  /** Topics with an update that is newer than the snapshot to come. */
  const fresh = new Set<string>();
  const backoff = createBackoff(1000, 30_000);
  let error: ClientError | undefined;
  let current: ReadonlyMap<string, Data> | undefined;
  let inject: (event: ClientEvent) => void;

  const source: Listen = (take) => {
    inject = take;
    return listen((event) => {
      fresh.add(String(event.topics?.[0]));
      take(event);
    });
  };
  const stop = createTopic<Record<string, Data>>(source, schema, onInvalid).on("*", ({ topics: [topic], data }) => {
    if (topic === undefined) return;
    states.set(topic, data);
    current = undefined;
    call(listeners);
  });
  /** Counts the snapshots that were asked for. The last one counts. */
  let asked = 0;
  async function take(): Promise<void> {
    const mine = ++asked;
    fresh.clear();
    const answer = await snapshot(stopped).catch(errorOfFailure);
    if (mine !== asked) return;
    const before = error;
    if (answer instanceof Error) error = answer;
    else {
      error = undefined;
      backoff.reset();
      for (const event of answer) if (!fresh.has(String(event.topics?.[0]))) call(new Set([inject]), event);
    }
    if (error !== before) call(listeners);
    if (error === undefined) return;
    await sleep(backoff.next(error.retryAfterMs), stopped);
    if (mine === asked) onOpen(start);
  }
  const start = (): void => void take();
  const ignore = onOpen(start);
  const close = (): void => {
    asked = 0;
    closing.abort();
    ignore();
    stop();
    forget();
  };
  const forget = onClosed(close);

  return {
    get current() {
      return (current ??= new Map(states));
    },
    get error() {
      return error;
    },
    subscribe: (listener) => add(listeners, listener),
    close,
  };
}
