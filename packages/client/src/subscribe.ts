import { createBackoff, sleep, type Backoff } from "./backoff.ts";
import { createConnection, type Connection } from "./connection.ts";
import { ClientError, noBodyStream } from "./error.ts";
import { createEventParser, type ClientEvent } from "./event-parser.ts";
import { checkNames, type Names } from "./names.ts";
import { createRefusals } from "./refusals.ts";
import { createRenewal, renewalBase, type Renewal } from "./renewal.ts";
import { createTokens, type TokenSource } from "./token.ts";
import { resolveUrl } from "./url.ts";

/** How long the last bytes of a hub that shuts down are waited for, in milliseconds: the newest cursor is among them. */
const DRAIN_READ_MS = 5000;

/**
 * A connection that was open for this long worked, in milliseconds, though no update came. A head, a comment or the hub's own first events don't tell: a server
 * that sends them and closes would be asked again and again.
 */
const STEADY_MS = 5000;

/**
 * Where a subscription stands: `connecting` for the first time; `live` (the stream is open); `reconnecting`
 * (it was lost, or could not be opened, and is asked for again after a while); `closed`.
 */
export type SubscriptionState = "connecting" | "live" | "reconnecting" | "closed";

/** Why a subscription reconnects. */
export interface StateDetail {
  /** What happened, in words; undefined unless `reconnecting`. */
  readonly reason: string | undefined;
  /** How long it waits first, in milliseconds; undefined unless `reconnecting`. */
  readonly delayMs: number | undefined;
}

/** What to receive, and how. */
export interface SubscribeOptions {
  /** Topics, each compared exactly; `*` is every topic. With no matcher at all, what that means is the hub's choice. */
  readonly match?: string | readonly string[];
  /** URL patterns that select topics. */
  readonly matchUrlPattern?: string | readonly string[];
  /** Go on after this event id; `earliest` starts with the oldest update held. Default: from now on. */
  readonly lastEventId?: string | undefined;
  /**
   * Goes as `Authorization: Bearer`, never in the URL. With a function, the token is renewed while the stream is open, and replaced
   * when the hub does not take it; with a string, 401 is the end.
   */
  readonly token?: TokenSource | undefined;
  /** The hub's own URL, where `/subscribers/ID` takes new tokens. Default: the path of `url`; for `/events/stream`, `/.well-known/mercure`. */
  readonly renewUrl?: string | URL | undefined;
  /** Further request headers. */
  readonly headers?: NonNullable<RequestInit["headers"]>;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
  /** Another implementation of `fetch`, or one that adds credentials. Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Called on each change of state. */
  readonly onState?: (state: SubscriptionState, detail: StateDetail) => void;
  /** Delay before reconnecting until the server sets one by `retry:`, in milliseconds. Default 1,000. */
  readonly retryMs?: number;
  /** Longest delay that repeated failures lead to, in milliseconds. The server may ask for more. Default 30,000. */
  readonly maxRetryMs?: number;
  /** Shortest reconnection time that the server may set by `retry:`, in milliseconds; a shorter one counts as this. Default 500. */
  readonly retryFloorMs?: number | undefined;
  /**
   * Longest wait that the server may ask for by `retry:`, `Retry-After` or `hub:drain`, in milliseconds; a longer one counts as this, and up to a quarter is
   * added at random. Default 300,000.
   */
  readonly retryCeilingMs?: number | undefined;
  /**
   * How long answers that no hub gave (a failure without the hub's code, or a page instead of a stream) count as an outage of a proxy, once a stream was open; in
   * milliseconds from the first one in a row. Then it throws. Infinity never does, 0 at once. Default 300,000.
   */
  readonly giveUpAfterMs?: number | undefined;
  /** A stream without a byte for this long is dead and asked for again, in milliseconds. Default 60,000. */
  readonly idleTimeoutMs?: number;
  /** Most characters of one event, comments not counted; a longer one throws. Default 16 Mi. */
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
  /** The cursor: where a later subscription should go on. Undefined before the first one is known. */
  readonly lastEventId: string | undefined;
}

/**
 * Subscribes to an event stream, with resumption: each update that matches is yielded once and in order, or a
 * `hub:gap` event says that some are no longer held. `hub:cursor`, `hub:expiring` and `hub:drain` are acted upon, not yielded.
 *
 * It pulls: the next bytes are read when the events before them were taken, so a slow consumer slows the stream
 * down instead of filling the memory. Leaving the loop closes the stream, and so does the iterator's `return()`, also while `next()` waits; iterating again
 * goes on from there.
 *
 * @param url - The hub's URL; in a page it may be relative.
 * @throws TypeError for a URL, token or option that can't work; ClientError, from the iteration, when the server refuses
 * for good (4xx but 408 and 429, or something that is not an event stream; 401 with a token function: twice in a row, with new tokens). Once a stream was open,
 * only the hub's own refusals do so at once; see `giveUpAfterMs`.
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

  /** Yields the events of one connection, until it ends or the hub says that it leaves. */
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
      // Such a `fetch` answers when the body has ended, which a stream does not: it would look like a silent server.
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
      // A generator's own `return()` would wait for the event that its `next()` waits for: minutes, or for ever.
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

/** Why a connection ended: there is nothing to come back for, or it is to be opened again. */
type Ending = { readonly kind: "finished" } | { readonly kind: "lost"; readonly reason: string; readonly waitMs: number };

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

/**
 * A header's value is bytes, and `Headers` takes each character for one: an id goes as the bytes of its UTF-8,
 * as `EventSource` sends it.
 */
function utf8HeaderValue(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/** Says why a `hub:drain` asks to stay away: its code is that of an error, if the hub did not serve the stream at all. */
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
    // Without a time that can be read, the ordinary delay is right.
    return 0;
  }
}
