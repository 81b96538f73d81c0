/**
 * An object with the interface of `EventSource`, on `subscribe()`.
 *
 * @module
 */
import { hasBodyStreams, noBodyStream } from "./error.ts";
import { checkTypes } from "./names.ts";
import { subscribe, type SubscribeOptions, type Subscription } from "./subscribe.ts";
import { isHttp, parseUrl } from "./url.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

/** The options of `subscribe`, and `EventSource`'s own. */
export interface EventSourceOptions extends SubscribeOptions {
  /** Whether cookies are sent to another origin, too. Default: false. */
  readonly withCredentials?: boolean | undefined;
  /** As for `subscribe`. Default: Infinity, so that a proxy's outage never closes the source. */
  readonly giveUpAfterMs?: number | undefined;
}

/** Event `error` of the source. Its `readyState` tells whether the source goes on. */
export interface EventSourceErrorEvent extends Event {
  /** The reason in words. */
  readonly message: string;
  /** The refusal that closed the source. Undefined if the source goes on, and after 204. */
  readonly error: unknown;
}

interface EventMap {
  readonly open: Event;
  readonly message: MessageEvent;
  readonly error: Event;
}

type Target = Parameters<EventTarget["addEventListener"]>;

/** Adds or removes a listener. */
interface Listen {
  <K extends keyof EventMap>(type: K, listener: (this: ClientEventSource, event: EventMap[K]) => unknown, options?: Target[2]): void;
  (type: string, listener: (this: ClientEventSource, event: MessageEvent) => unknown, options?: Target[2]): void;
  (type: string, listener: NonNullable<Target[1]>, options?: Target[2]): void;
}

/** The interface of `EventSource`. TypeScript takes it for one. */
export interface ClientEventSource extends EventTarget {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSED: 2;
  /** The URL in full, without the matchers of the options. */
  readonly url: string;
  readonly withCredentials: boolean;
  readonly readyState: number;
  onopen: ((this: ClientEventSource, event: Event) => unknown) | null;
  onmessage: ((this: ClientEventSource, event: MessageEvent) => unknown) | null;
  /** The event is an {@link EventSourceErrorEvent}. */
  onerror: ((this: ClientEventSource, event: Event) => unknown) | null;
  /** Closes the stream. No further event is dispatched. */
  close(): void;
  addEventListener: Listen;
  removeEventListener: Listen;
}

/**
 * Opens an event stream as `new EventSource(url)` does, for code that exists. It adds headers,
 * tokens, and the reconnection of `subscribe`. A failure that may pass never closes the source.
 * `hub:gap` is dispatched as an event of that name.
 *
 * @param url - The stream's URL. A page may give a relative URL.
 * @throws DOMException `SyntaxError` for a text that is no URL.
 * @throws TypeError for an unusable token or option.
 * @see docs/reference/event-source.md
 */
export function createEventSource(url: string | URL, options: EventSourceOptions = {}): ClientEventSource {
  checkTypes(options);
  const { withCredentials = false, fetch = globalThis.fetch.bind(globalThis), giveUpAfterMs = Infinity, onState, ...others } = options;
  let target: URL;
  try {
    target = parseUrl(url);
  } catch (error) {
    throw new DOMException((error as Error).message, "SyntaxError");
  }
  let readyState = CONNECTING;
  // The origin of the final URL. A redirect may have led to another server.
  let { origin } = target;

  function fail(state: number, message: string, error?: unknown): void {
    if (readyState === CLOSED) return;
    readyState = state;
    source.dispatchEvent(Object.assign(new Event("error"), { message, error }));
  }

  function open(): Subscription {
    return subscribe(target, {
      ...others,
      giveUpAfterMs,
      async fetch(input, init) {
        const response = await fetch(input, withCredentials ? { ...init, credentials: "include" } : init);
        // A POST renews the token, perhaps elsewhere. A response that a program made has no URL.
        if (init?.method === undefined && response.url !== "") ({ origin } = new URL(response.url));
        // The standard follows to another origin, and `subscribe` refuses the answer.
        return Object.defineProperty(response, "redirected", { value: false });
      },
      onState(state, detail) {
        onState?.(state, detail);
        if (state === "reconnecting") fail(CONNECTING, detail.reason ?? "");
        if (state !== "live" || readyState === CLOSED) return;
        readyState = OPEN;
        source.dispatchEvent(new Event("open"));
      },
    });
  }

  // As in the standard, another scheme is a failure of the connection. It is told by an event.
  const subscription = isHttp(target) ? open() : undefined;
  const events = subscription?.[Symbol.asyncIterator]();

  async function run(): Promise<void> {
    // Not now: the caller has neither the object nor listeners on it.
    await Promise.resolve();
    try {
      if (options.fetch === undefined && !hasBodyStreams()) throw noBodyStream();
      for (;;) {
        const next = await events?.next();
        if (next?.done !== false || readyState === CLOSED) break;
        const { type, data } = next.value;
        source.dispatchEvent(new MessageEvent(type, { data, origin, lastEventId: subscription?.lastEventId ?? "" }));
      }
      if (options.signal?.aborted === true) readyState = CLOSED;
      fail(CLOSED, "The server ended the stream.");
    } catch (error) {
      fail(CLOSED, error instanceof Error ? error.message : String(error), error);
    }
  }

  const source = Object.defineProperties(
    new EventTarget(),
    Object.getOwnPropertyDescriptors({
      CONNECTING,
      OPEN,
      CLOSED,
      url: target.href,
      withCredentials,
      get readyState() {
        return readyState;
      },
      close() {
        readyState = CLOSED;
        void events?.return?.();
      },
    }),
  ) as ClientEventSource;
  for (const type of ["open", "message", "error"]) defineHandler(source, type);
  void run();
  return source;
}

/**
 * Defines `onopen` and its like. A handler takes its turn among the listeners. Replacing it keeps
 * the turn, as in the standard.
 */
function defineHandler(target: EventTarget, type: string): void {
  let handler: ((event: Event) => unknown) | null = null;
  const listener = (event: Event): unknown => handler?.call(target, event);
  Object.defineProperty(target, `on${type}`, {
    enumerable: true,
    get: () => handler,
    set(value: unknown) {
      handler = typeof value === "function" ? (value as (event: Event) => unknown) : null;
      target[handler === null ? "removeEventListener" : "addEventListener"](type, listener);
    },
  });
}
