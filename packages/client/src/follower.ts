import { type Backoff, createBackoff } from "./backoff.ts";
import { ClientError, errorOfFailure, errorOfResponse, hasBodyStreams, noBodyStream, parseObject, readerOf, silence } from "./error.ts";
import { createEventParser, type ClientEvent } from "./event-parser.ts";
import { createRefusals } from "./refusals.ts";
import { refuseUnknown } from "./names.ts";
import type { poll } from "./poll.ts";
import { renew, renewalBase } from "./renewal.ts";
import { send, withToken } from "./requests.ts";
import type { FollowOptions, SubscriptionState } from "./follow-options.ts";
import { createTokens } from "./token.ts";
import { resolveUrl } from "./url.ts";
import { sleep, within } from "./waits.ts";

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

/** One stream that reconnects by itself. */
export interface Follower extends AsyncIterable<ClientEvent> {
  readonly lastEventId: string | undefined;
  /**
   * Opens the stream again at once, at its cursor.
   *
   * @param isUrgent - Whether a wait ends as well, such as one that the hub asked for.
   */
  wake(isUrgent: boolean): void;
}

/** The way where no stream gets through, such as behind a proxy that buffers. */
export interface Fallback {
  readonly poll: typeof poll;
  /** Longest wait for the first bytes of a stream, in milliseconds. */
  readonly firstByteMs: number;
  /** How long to poll until the stream is tried again, in milliseconds. */
  readonly pollMs: number;
}

/**
 * Longest wait of the hub for an update, in seconds. The hub may take 20 s longer, to the end of a
 * replay, and a proxy may end an answer after 60 s.
 */
const POLL_WAIT_S = 15;

/** Shortest time between two polls, in milliseconds. The hub's next answer has all that came meanwhile. */
const MIN_POLL_MS = 50;

const NOT_RENEWED = "The token was not renewed.";

/** One iteration. */
interface Run {
  isOver: boolean;
  /** Ends the wait, the request or the stream that is in progress. */
  round: AbortController;
}

/** Why a stream ended, and how long the server asks to stay away, in milliseconds. */
type Loss = readonly [reason: string, waitMs: number];

/**
 * Prepares a stream.
 *
 * @param target - The stream's URL. It is read at each attempt.
 * @param fallback - Default: a stream or nothing.
 */
export function createFollower(target: URL, options: FollowOptions, fallback?: Fallback): Follower {
  const {
    lastEventId,
    token: source,
    renewUrl,
    headers,
    signal: stopSignal,
    fetch: given,
    onState,
    retryMs = 1000,
    maxRetryMs = 30_000,
    retryFloorMs,
    retryCeilingMs,
    giveUpAfterMs = 300_000,
    idleTimeoutMs = 60_000,
    maxEventLength = 2 ** 24,
    ...rest
  } = options;
  const tokens = createTokens(source);
  refuseUnknown(rest);
  const fetch = given ?? globalThis.fetch.bind(globalThis);
  const refusals = createRefusals(tokens, giveUpAfterMs);
  const base = renewalBase(target, renewUrl === undefined ? undefined : resolveUrl(renewUrl));
  const renewal = { tokens, base, headers, fetch, timeoutMs: idleTimeoutMs };
  let cursor = lastEventId;
  /** Whether the current stream, or a poll in its place, has brought anything. */
  let hasBytes = false;
  let run: Run | undefined;
  let isWaiting = false;
  let isPolling = false;
  /** Whether polls got through where the stream did not. */
  let isProven = false;
  /** Time up to which updates are polled for, in milliseconds. */
  let pollUntilMs = 0;
  /** Whether an outage explains a stream that brings nothing. The stream then has another chance. */
  let isDoubtful = false;
  /** How long the first bytes may take, in milliseconds. It grows while polls are late as well. */
  let patienceMs = Infinity;

  function report(state: SubscriptionState, reason?: string, delayMs?: number, httpStatus?: number): void {
    onState?.(state, { reason, delayMs, httpStatus, polls: isPolling });
  }

  function calmDown(): void {
    hasBytes = true;
    patienceMs = Math.min(fallback?.firstByteMs ?? Infinity, idleTimeoutMs);
  }

  async function attempt<T>(ms: number, signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    try {
      return await within(ms, signal, () => silence(ms), operation);
    } catch (error) {
      throw errorOfFailure(error);
    }
  }

  /** @returns Undefined if the server ends the subscription. */
  async function open(token: string | undefined, signal: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array> | undefined> {
    const sent = withToken(headers, token);
    sent.set("accept", "text/event-stream");
    if (cursor) sent.set("last-event-id", utf8HeaderValue(cursor));
    const response = await send(fetch, target, { headers: sent, signal });
    const { status } = response;
    if (status === 204) return undefined;
    if (!response.ok) throw await errorOfResponse(response);
    const type = response.headers.get("content-type") ?? "";
    if (status !== 200 || !/^text\/event-stream\s*(;|$)/i.test(type)) {
      throw new ClientError(`The server answered ${status} with "${type}", not an event stream. Check the URL.`, {
        code: "not_a_stream",
        status,
      });
    }
    const reader = readerOf(response);
    if (reader === undefined) throw noBodyStream();
    // The answer of a `fetch` that ignores signals may come after the caller gave up.
    if (signal.aborted) reader.cancel().catch(() => undefined);
    return reader;
  }

  /**
   * Yields the events of one connection, until the connection ends or the hub announces that it
   * leaves.
   */
  async function* eventsOf(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    signal: AbortSignal,
    backoff: Backoff,
  ): AsyncGenerator<ClientEvent, Loss> {
    const parser = createEventParser(maxEventLength, (ms) => backoff.setBase(ms));
    let drain: Loss | undefined;
    let isRenewing = false;
    let isTold = fallback === undefined;
    // An update that is published from now on is not lost. A server without ids has to send one first.
    const tell = (isSure = cursor !== undefined): void => {
      if (isTold || !isSure || signal.aborted) return;
      isTold = true;
      report("live");
    };
    let isEnding = false;
    const extend = async (warning: string): Promise<void> => {
      const token = await renew(warning, renewal, signal).catch(() => undefined);
      isRenewing = false;
      if (signal.aborted) return;
      if (token !== undefined) refusals.accepted(token);
      if (fallback !== undefined && isEnding === (token !== undefined)) report("live", isEnding ? undefined : NOT_RENEWED);
      isEnding = token === undefined;
    };
    for (;;) {
      const idleMs = Math.min(idleTimeoutMs, drain !== undefined ? DRAIN_READ_MS : hasBytes ? Infinity : patienceMs);
      let bytes: Uint8Array | undefined;
      try {
        ({ value: bytes } = await attempt(idleMs, signal, () => reader.read()));
      } catch (error) {
        if (drain === undefined) throw error;
      }
      calmDown();
      isDoubtful = true;
      tell();
      if (bytes === undefined) return drain ?? ["The server ended the stream.", 0];
      for (const event of parser.push(bytes)) {
        if (signal.aborted) return ["", 0];
        if (event.id !== undefined) cursor = event.id;
        const isUpdate = event.data !== undefined && event.type !== "hub:cursor";
        if (isUpdate) {
          const { type, data } = event;
          if (type === "hub:drain") drain = lossOf(parseObject(data));
          else if (type !== "hub:expiring") {
            if (!type.startsWith("hub:")) backoff.reset();
            yield event;
          } else if (tokens.renewable && !isRenewing) {
            isRenewing = true;
            void extend(data);
          }
        }
        // A listener may read the cursor, so the event must have arrived.
        tell(isUpdate || cursor !== undefined);
      }
    }
  }

  /** Yields the updates of one poll after the other, while no stream gets through. */
  async function* polledEvents(
    { poll }: Fallback,
    token: string | undefined,
    signal: AbortSignal,
    backoff: Backoff,
  ): AsyncGenerator<ClientEvent, Loss | undefined> {
    do {
      const sinceMs = performance.now();
      // The first answer comes at once, and says that polling works.
      const waitS = hasBytes ? Math.min(POLL_WAIT_S, Math.floor(idleTimeoutMs / 2000)) : 0;
      const timeoutMs = hasBytes ? idleTimeoutMs : patienceMs;
      const request = { fetch, url: target, init: { headers: withToken(headers, token) }, timeoutMs, signal };
      const answer = await attempt(timeoutMs, signal, () => poll(request, cursor, waitS));
      refusals.accepted(token);
      backoff.reset();
      isProven = true;
      if (!hasBytes && performance.now() < pollUntilMs) report("live");
      const isIdle = hasBytes && (answer.events.length === 0 || answer.cursor === cursor);
      calmDown();
      for (const event of answer.events) {
        if (signal.aborted) return undefined;
        cursor = event.id ?? cursor;
        yield event;
      }
      if (signal.aborted) return undefined;
      ({ cursor } = answer);
      if (answer.drain) return lossOf(answer.drain);
      // A server that does not wait must not be asked again and again.
      await sleep(Math.max(0, sinceMs + (isIdle ? retryMs : MIN_POLL_MS) - performance.now()), signal);
    } while (performance.now() < pollUntilMs && !signal.aborted);
    isPolling = false;
    return undefined;
  }

  async function* iterate(current: Run, end: () => void): AsyncGenerator<ClientEvent, void> {
    if (run !== undefined) throw new TypeError("This subscription has a loop.");
    run = current;
    stopSignal?.addEventListener("abort", end);
    if (stopSignal?.aborted === true) end();
    const backoff = createBackoff(retryMs, maxRetryMs, retryFloorMs, retryCeilingMs);
    let delayMs = 0;
    calmDown();
    try {
      report("connecting");
      if (given === undefined && !hasBodyStreams()) {
        if (fallback === undefined) throw noBodyStream();
        isPolling = true;
        pollUntilMs = Infinity;
      }
      while (!current.isOver) {
        const round = (current.round = new AbortController());
        const { signal } = round;
        let token: string | undefined;
        let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
        let [reason, waitMs]: Loss = ["", 0];
        let httpStatus: number | undefined;
        hasBytes = false;
        try {
          isWaiting = delayMs > 0;
          if (isWaiting) await sleep(delayMs, signal);
          isWaiting = false;
          delayMs = 0;
          token = await tokens.take(idleTimeoutMs, signal);
          if (fallback !== undefined && isPolling) {
            const loss = yield* polledEvents(fallback, token, signal, backoff);
            if (loss === undefined) continue;
            [reason, waitMs] = loss;
          } else {
            reader = await attempt(patienceMs, signal, () => open(token, signal));
            if (reader === undefined) return;
            refusals.accepted(token);
            if (fallback === undefined) report("live");
            const openedAtMs = performance.now();
            try {
              [reason, waitMs] = yield* eventsOf(reader, signal, backoff);
            } finally {
              if (performance.now() - openedAtMs >= STEADY_MS) backoff.reset();
            }
          }
          if (signal.aborted) continue;
        } catch (error) {
          if (signal.aborted) continue;
          if (!(error instanceof ClientError)) throw error;
          const { code } = error;
          const isLate = code === "timeout" && !hasBytes;
          if (fallback !== undefined && !isPolling && (isLate || code === "no_body_stream")) {
            isPolling = true;
            isProven = false;
            pollUntilMs = isLate ? (isDoubtful ? 0 : performance.now() + fallback.pollMs) : Infinity;
            isDoubtful = false;
            continue;
          }
          isDoubtful = true;
          if (isLate) patienceMs = Math.min(2 * patienceMs, idleTimeoutMs);
          if (!isProven && pollUntilMs < Infinity) isPolling = false;
          const verdict = refusals.judge(error, token);
          if (verdict === "never") throw error;
          if (verdict === "at once") continue;
          reason = error.message;
          httpStatus = error.status;
          waitMs = error.retryAfterMs ?? 0;
        } finally {
          round.abort();
          // Needed for a `fetch` that ignores signals.
          reader?.cancel().catch(() => undefined);
        }
        delayMs = backoff.next(waitMs);
        report("reconnecting", reason, delayMs, httpStatus);
      }
    } finally {
      run = undefined;
      stopSignal?.removeEventListener("abort", end);
      report("closed");
    }
  }

  return {
    get lastEventId() {
      return cursor;
    },
    wake(isUrgent) {
      if (isUrgent || !isWaiting) run?.round.abort();
    },
    [Symbol.asyncIterator]() {
      const current: Run = { isOver: false, round: new AbortController() };
      const end = (): void => {
        current.isOver = true;
        current.round.abort();
      };
      const events = iterate(current, end);
      // A generator's own `return()` would wait for the pending `next()`, which may take minutes.
      return {
        next: () => events.next(),
        return() {
          end();
          return events.return();
        },
        throw(error: unknown) {
          end();
          return events.throw(error);
        },
      };
    },
  };
}

/**
 * Encodes an id for a header as its UTF-8 bytes, as `EventSource` does. `Headers` takes each
 * character for one byte.
 */
function utf8HeaderValue(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** Reads a `hub:drain`. Its code is an error code if the hub did not serve the stream at all. */
function lossOf({ code, reconnectInMs }: Readonly<Record<string, unknown>>): Loss {
  const reason = typeof code === "string" ? `The hub serves no streams just now (${code}).` : "The hub is shutting down.";
  return [reason, typeof reconnectInMs === "number" && reconnectInMs > 0 ? reconnectInMs : 0];
}
