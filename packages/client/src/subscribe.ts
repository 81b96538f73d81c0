import { createBackoff, sleep, type Backoff } from "./backoff.ts";
import { createConnection, type Connection } from "./connection.ts";
import { ClientError, noBodyStream } from "./error.ts";
import { createEventParser, type ClientEvent } from "./event-parser.ts";
import { checkNames, type Names } from "./names.ts";
import { createRefusals } from "./refusals.ts";
import { createRenewal, renewalBase, type Renewal } from "./renewal.ts";
import { createTokens, type TokenSource } from "./token.ts";
import { resolveUrl } from "./url.ts";

/**
 * How long to wait for the last bytes of a hub that shuts down, in milliseconds. The newest cursor
 * is among them.
 */
const DRAIN_READ_MS = 5000;

/**
 * A connection that was open for this long counts as working, in milliseconds, even without an
 * update. A head, a comment or the hub's first events prove nothing. A server that sends them and
 * closes would be asked again and again.
 */
const STEADY_MS = 5000;

/**
 * State of a subscription.
 * - `connecting`: the first attempt
 * - `live`: the stream is open
 * - `reconnecting`: the stream was lost or could not be opened, and is requested again after a
 *   while
 * - `closed`
 */
export type SubscriptionState = "connecting" | "live" | "reconnecting" | "closed";

/** Why a subscription reconnects. */
export interface StateDetail {
  /** The reason in words. Undefined unless `reconnecting`. */
  readonly reason: string | undefined;
  /** The delay before the next attempt, in milliseconds. Undefined unless `reconnecting`. */
  readonly delayMs: number | undefined;
}

/** Options of `subscribe`. */
export interface SubscribeOptions {
  /** Topics, each compared exactly. `*` is every topic. Without any matcher, the hub decides. */
  readonly match?: string | readonly string[];
  /** URL patterns that select topics. */
  readonly matchUrlPattern?: string | readonly string[];
  /**
   * The event id to resume after. `earliest` starts with the oldest update held. Default: from now
   * on.
   */
  readonly lastEventId?: string | undefined;
  /**
   * Sent as `Authorization: Bearer`, never in the URL. A function lets the client renew the token
   * while the stream is open, and replace a refused token. With a string, 401 ends the
   * subscription.
   */
  readonly token?: TokenSource | undefined;
  /**
   * The hub's own URL, where `/subscribers/ID` takes new tokens. Default: the path of `url`, or
   * `/.well-known/mercure` for `/events/stream`.
   */
  readonly renewUrl?: string | URL | undefined;
  /** Further request headers. */
  readonly headers?: NonNullable<RequestInit["headers"]>;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
  /** Replaces `fetch`, for example to add credentials. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Called on each change of state. */
  readonly onState?: (state: SubscriptionState, detail: StateDetail) => void;
  /**
   * Delay before reconnecting until the server sets another by `retry:`, in milliseconds. Default
   * 1,000.
   */
  readonly retryMs?: number;
  /**
   * Longest delay after repeated failures, in milliseconds. The server may ask for more. Default
   * 30,000.
   */
  readonly maxRetryMs?: number;
  /**
   * Shortest reconnection time that the server may set by `retry:`, in milliseconds. A shorter time
   * is raised to this value. Default 500.
   */
  readonly retryFloorMs?: number | undefined;
  /**
   * Longest wait that the server may ask for by `retry:`, `Retry-After` or `hub:drain`, in
   * milliseconds. A longer wait is cut to this value, and up to a quarter is added at random.
   * Default 300,000.
   */
  readonly retryCeilingMs?: number | undefined;
  /**
   * How long foreign answers count as a proxy's outage once a stream was open, in milliseconds. A
   * foreign answer is a failure without the hub's code, or a page instead of a stream. The clock
   * starts at the first in a row. Then the iteration throws. Infinity never throws, 0 throws at
   * once. Default 300,000.
   */
  readonly giveUpAfterMs?: number | undefined;
  /**
   * A stream without a byte for this long counts as dead and is requested again, in milliseconds.
   * Default 60,000.
   */
  readonly idleTimeoutMs?: number;
  /** Most characters of one event, comments not counted. A longer event throws. Default 16 Mi. */
  readonly maxEventLength?: number;
}

const SUBSCRIBE_OPTIONS: Names<SubscribeOptions> = {
  match: true,
  matchUrlPattern: true,
  lastEventId: true,
  token: true,
  renewUrl: true,
  headers: true,
  signal: true,
  fetch: true,
  onState: true,
  retryMs: true,
  maxRetryMs: true,
  retryFloorMs: true,
  retryCeilingMs: true,
  giveUpAfterMs: true,
  idleTimeoutMs: true,
  maxEventLength: true,
};

/** An endless iteration of events that reconnects by itself. */
export interface Subscription extends AsyncIterable<ClientEvent> {
  /**
   * The cursor after which a later subscription should resume. Undefined before the first is known.
   */
  readonly lastEventId: string | undefined;
}

/**
 * Subscribes to an event stream, with resumption. Each matching update is yielded once and in
 * order, or a `hub:gap` event says that some are no longer held. The client acts on `hub:cursor`,
 * `hub:expiring` and `hub:drain` and does not yield them.
 *
 * The subscription pulls: the next bytes are read after the consumer took the earlier events. A
 * slow consumer slows the stream down and does not fill the memory. Leaving the loop closes the
 * stream, and so does the iterator's `return()`, also while `next()` waits. A new iteration resumes
 * there.
 *
 * @param url - The hub's URL. A page may give a relative URL.
 * @throws TypeError for an unusable URL, token or option.
 * @throws ClientError, from the iteration, when the server refuses permanently. That is 4xx except
 *   408 and 429, or an answer that is no event stream. With a token function, 401 is final after
 *   two new tokens in a row. Once a stream was open, only the hub's own refusals throw at once. See
 *   `giveUpAfterMs`.
 * @see docs/reference/protocol.md
 */
export function subscribe(url: string | URL, options: SubscribeOptions = {}): Subscription {
  checkNames(options, SUBSCRIBE_OPTIONS, "subscribe()");
  const target = resolveUrl(url);
  for (const topic of listOf(options.match)) target.searchParams.append("match", topic);
  for (const pattern of listOf(options.matchUrlPattern)) target.searchParams.append("match_urlpattern", pattern);
  let cursor = options.lastEventId;
  const idleTimeoutMs = options.idleTimeoutMs ?? 60_000;
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  const tokens = createTokens(options.token);
  const refusals = createRefusals(tokens, options.giveUpAfterMs ?? 300_000);
  const base = renewalBase(target, options.renewUrl === undefined ? undefined : resolveUrl(options.renewUrl));
  let running = false;

  function connect(token: string | undefined, signal: AbortSignal): Connection {
    const headers = new Headers(options.headers);
    headers.set("accept", "text/event-stream");
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    if (cursor !== undefined && cursor !== "") headers.set("last-event-id", utf8HeaderValue(cursor));
    return createConnection({ url: target, headers, fetch, idleTimeoutMs, signal });
  }

  function prepareRenewal(): Renewal {
    const { headers } = options;
    return createRenewal({ tokens, base, headers, fetch, timeoutMs: idleTimeoutMs, onRenewed: (token) => refusals.accepted(token) });
  }

  /**
   * Yields the events of one connection, until the connection ends or the hub announces that it
   * leaves.
   */
  async function* eventsOf(
    connection: Connection,
    { renewal, backoff, signal }: { renewal: Renewal; backoff: Backoff; signal: AbortSignal },
  ): AsyncGenerator<ClientEvent, Ending> {
    const parser = createEventParser(options.maxEventLength ?? 2 ** 24, (ms) => backoff.setBase(ms));
    let drain: Ending | undefined;
    for (;;) {
      let bytes: Uint8Array | undefined;
      try {
        bytes = await connection.read(drain === undefined ? idleTimeoutMs : Math.min(idleTimeoutMs, DRAIN_READ_MS));
      } catch (error) {
        if (drain === undefined) throw error;
        return drain;
      }
      if (bytes === undefined) return drain ?? { kind: "lost", reason: "The server closed the stream.", waitMs: 0 };
      for (const event of parser.push(bytes)) {
        if (signal.aborted) return { kind: "finished" };
        if (event.id !== undefined) cursor = event.id;
        if (event.data === undefined) continue;
        if (!event.type.startsWith("hub:")) backoff.reset();
        if (event.type === "hub:drain") drain = { kind: "lost", reason: drainReason(event.data), waitMs: drainDelay(event.data) };
        else if (event.type === "hub:expiring") renewal.expiring(event.data);
        else if (event.type !== "hub:cursor") yield event;
      }
    }
  }

  function report(state: SubscriptionState, reason?: string, delayMs?: number): void {
    options.onState?.(state, { reason, delayMs });
  }

  /** @param stop - Ends the iteration, as `options.signal` does. */
  async function* iterate(stop: AbortController): AsyncGenerator<ClientEvent, void> {
    if (running) throw new TypeError("This subscription is being iterated already. Call subscribe() again for a second reader.");
    running = true;
    const { signal } = stop;
    const abort = (): void => stop.abort();
    options.signal?.addEventListener("abort", abort);
    if (options.signal?.aborted === true) abort();
    const { retryMs: baseMs = 1000, maxRetryMs: maxMs = 30_000, retryFloorMs: floorMs, retryCeilingMs: ceilingMs } = options;
    const backoff = createBackoff({ baseMs, maxMs, floorMs, ceilingMs });
    try {
      report("connecting");
      // This `fetch` answers when the body has ended, and a stream never ends. The server would
      // look silent.
      if (options.fetch === undefined && typeof Response === "function" && !("body" in Response.prototype)) throw noBodyStream();
      while (!signal.aborted) {
        const renewal = prepareRenewal();
        let token: string | undefined;
        let connection: Connection | undefined;
        let ending: Ending;
        try {
          token = await tokens.take(idleTimeoutMs, signal);
          connection = connect(token, signal);
          if (!(await connection.open())) return;
          refusals.accepted(token);
          report("live");
          const openedAtMs = performance.now();
          try {
            ending = yield* eventsOf(connection, { renewal, backoff, signal });
          } finally {
            if (performance.now() - openedAtMs >= STEADY_MS) backoff.reset();
          }
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof ClientError)) throw error;
          const verdict = refusals.judge(error, token);
          if (verdict === "never") throw error;
          if (verdict === "at once") continue;
          ending = { kind: "lost", reason: error.message, waitMs: error.retryAfterMs ?? 0 };
        } finally {
          renewal.close();
          connection?.close();
        }
        if (ending.kind === "finished") return;
        const delayMs = backoff.next(ending.waitMs);
        report("reconnecting", ending.reason, delayMs);
        await sleep(delayMs, signal);
      }
    } finally {
      running = false;
      options.signal?.removeEventListener("abort", abort);
      report("closed");
    }
  }

  return {
    get lastEventId() {
      return cursor;
    },
    [Symbol.asyncIterator]() {
      const stop = new AbortController();
      const events = iterate(stop);
      // A generator's own `return()` would wait for the pending `next()`, which may take minutes or
      // for ever.
      return {
        next: () => events.next(),
        async return() {
          stop.abort();
          return events.return();
        },
        async throw(error: unknown) {
          stop.abort();
          return events.throw(error);
        },
      };
    },
  };
}

/** How a connection ended. The subscription is finished, or the connection is opened again. */
type Ending = { readonly kind: "finished" } | { readonly kind: "lost"; readonly reason: string; readonly waitMs: number };

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

/**
 * Encodes an id for a header as its UTF-8 bytes, as `EventSource` does. `Headers` takes each
 * character for one byte.
 */
function utf8HeaderValue(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/**
 * Explains why a `hub:drain` asks to stay away. Its code is an error code if the hub did not serve
 * the stream at all.
 */
function drainReason(data: string): string {
  const code = /"code":"(\w+)"/.exec(data)?.[1];
  return code === undefined ? "The hub is shutting down." : `The hub does not serve the stream just now (${code}).`;
}

/** Reads how long a `hub:drain` asks to stay away, in milliseconds. */
function drainDelay(data: string): number {
  try {
    const value: unknown = JSON.parse(data);
    const waitMs: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "reconnectInMs") : undefined;
    return typeof waitMs === "number" && waitMs > 0 ? waitMs : 0;
  } catch {
    // Without a readable time, the ordinary delay is right.
    return 0;
  }
}
