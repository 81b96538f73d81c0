import { ClientError, type ClientEvent, subscribe, type SubscriptionState } from "artesian-client";
import type { Connection } from "./connection-badge.tsx";
import { watchHiddenTab } from "./hidden-tab.ts";

export interface LiveSourceOptions {
  /** URL of the stream. */
  readonly url: string;
  /** The topics to receive. */
  readonly match: readonly string[];
  /** The event id to begin after. */
  readonly lastEventId: string;
  /**
   * A function that returns a new token each time, for the stream, on expiry and after a refusal.
   * Or a single token, with which the stream ends. Without either, the stream is anonymous.
   */
  readonly token?: (() => Promise<string>) | string | undefined;
  /** The hub's own URL, below which it takes renewed tokens. */
  readonly renewUrl?: string | undefined;
  readonly onEvent: (event: ClientEvent) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** Pause after the server's permanent refusal, in milliseconds. The server may change its mind. */
const REFUSED_MS = 10_000;

/** Longest delay between two attempts, in milliseconds. */
const MAX_RETRY_MS = 15_000;

/**
 * Ticks this far apart mean that the machine slept, in milliseconds. Tabs in the background tick
 * once a minute.
 */
const SLEPT_MS = 150_000;
const TICK_MS = 20_000;

/** How long an answer may take before the page explains the wait, in milliseconds. */
const WAITING_MS = 4000;

/**
 * Why a request may get no answer at all. Other tabs hold every connection that the browser opens
 * to the site.
 */
export const NO_ANSWER =
  "No answer yet. A browser opens only six connections to a site. If this site is open in other tabs or windows, close some of them.";

const RESTING = "This tab was hidden, so it closed its stream and left the connection to others. It goes on where it was when it is shown.";

const NO_NETWORK = "The browser reports no network. The page goes on trying.";

const NOT_RENEWED = "This page's access could not be renewed. It connects anew when the old one ends; nothing is lost.";

/**
 * A stream that does not give up. It resumes after the last event id, and its token is renewed
 * while the stream is open. The browser's network state only triggers an early attempt, because a
 * hub on the loopback address needs no network. While the tab is hidden, the stream is closed.
 *
 * Errors that the client treats as final are retried after a while. Examples are an answer that is
 * no stream, such as a proxy's 502, and a refused new token.
 */
export class LiveSource {
  readonly #options: LiveSourceOptions;
  readonly #ticker: ReturnType<typeof setInterval>;
  #round = new AbortController();
  #isClosed = false;
  #lastEventId: string;
  #state: SubscriptionState = "connecting";
  #lostAt: number | undefined;
  #problem: string | undefined;
  #tickedAt = Date.now();
  #isResting = false;
  readonly #stopWatching: () => void;

  constructor(options: LiveSourceOptions) {
    this.#options = options;
    this.#lastEventId = options.lastEventId;
    addEventListener("online", this.#tryNow);
    addEventListener("offline", this.#tryNow);
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#stopWatching = watchHiddenTab(
      () => this.#rest(true),
      () => this.#rest(false),
    );
    void this.#run();
  }

  /** The id of the last event, after which a next source may begin. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  close(): void {
    this.#isClosed = true;
    removeEventListener("online", this.#tryNow);
    removeEventListener("offline", this.#tryNow);
    this.#stopWatching();
    clearInterval(this.#ticker);
    this.#round.abort();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const round = new AbortController();
      this.#round = round;
      if (this.#isResting) {
        await new Promise((resolve) => round.signal.addEventListener("abort", resolve, { once: true }));
        continue;
      }
      try {
        await this.#follow(round.signal);
      } catch (error) {
        if (!round.signal.aborted) await this.#refused(error, round.signal);
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { url, match, token, renewUrl, onEvent } = this.#options;
    const updates = subscribe(url, {
      match,
      renewUrl,
      lastEventId: this.#lastEventId,
      token: typeof token === "function" ? () => this.#token(token) : token,
      fetch: (input, init) => this.#fetch(input, init),
      maxRetryMs: MAX_RETRY_MS,
      signal,
      onState: (state) => {
        if (!signal.aborted) this.#moved(state);
      },
    });
    try {
      for await (const event of updates) {
        // The cursor is past this event, so the event is taken even if the round has just ended.
        // The next round begins after the event.
        if (this.#isClosed) return;
        onEvent(event);
        this.#lastEventId = updates.lastEventId ?? this.#lastEventId;
      }
    } finally {
      // The cursor also passes events that the hub said need no reading.
      this.#lastEventId = updates.lastEventId ?? this.#lastEventId;
    }
  }

  /** Waits after a final refusal. The network's return and closing end the wait. */
  async #refused(error: unknown, signal: AbortSignal): Promise<void> {
    this.#lostAt ??= Date.now();
    const { state, problem } = describeFailure(error, this.#lostAt);
    this.#problem = `${problem ?? "The stream failed."} It asks again every ${REFUSED_MS / 1000} s, and goes on where it was.`;
    this.#options.onConnection({ state, since: this.#lostAt, problem: this.#problem });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, REFUSED_MS);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #token(next: () => Promise<string>): Promise<string> {
    try {
      return await next();
    } catch (error) {
      // An open stream goes on. Otherwise the refusal is the reason for its absence. The state
      // itself reports a server that does not answer.
      if (this.#state === "live") this.#problem = NOT_RENEWED;
      else this.#problem = describeFailure(error, this.#lostAt).problem;
      this.#tell();
      throw error;
    }
  }

  /** Reports a request of the stream that gets no answer. */
  async #open(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): Promise<Response> {
    const timer = setTimeout(() => {
      this.#problem = NO_ANSWER;
      this.#tell();
    }, WAITING_MS);
    try {
      return await fetch(input, init);
    } finally {
      clearTimeout(timer);
      if (this.#problem === NO_ANSWER) this.#problem = undefined;
    }
  }

  /** Observes token renewals. The client renews silently, and only the answer shows the outcome. */
  async #fetch(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): Promise<Response> {
    if (init?.method !== "POST") return await this.#open(input, init);
    let isRenewed = false;
    try {
      const response = await fetch(input, init);
      isRenewed = response.ok;
      return response;
    } finally {
      if (this.#state === "live" && !this.#isClosed) {
        this.#problem = isRenewed ? undefined : NOT_RENEWED;
        this.#tell();
      }
    }
  }

  #moved(state: SubscriptionState): void {
    if (state === "closed") return;
    const wasLive = this.#state === "live";
    this.#state = state;
    if (state === "live") this.#lostAt = undefined;
    else if (wasLive) this.#lostAt ??= Date.now();
    // An earlier problem of the stream ends with that stream.
    if (state === "live" || wasLive) this.#problem = undefined;
    this.#tell();
  }

  readonly #tryNow = (): void => {
    if (this.#isResting) return;
    this.#lostAt ??= Date.now();
    this.#state = "connecting";
    this.#tell();
    this.#round.abort();
  };

  #rest(isResting: boolean): void {
    this.#isResting = isResting;
    this.#state = "connecting";
    // A stream that was closed on purpose is not lost.
    this.#lostAt = undefined;
    this.#problem = undefined;
    this.#tell();
    this.#round.abort();
  }

  #tick(): void {
    const now = Date.now();
    const slept = now - this.#tickedAt > SLEPT_MS;
    this.#tickedAt = now;
    if (slept) this.#tryNow();
  }

  #tell(): void {
    if (this.#isClosed) return;
    if (this.#isResting) {
      this.#options.onConnection({ state: "resting", problem: RESTING });
      return;
    }
    const state = this.#state === "live" ? "live" : stateWithout(this.#lostAt);
    const problem = this.#problem ?? (state === "reconnecting" && !navigator.onLine ? NO_NETWORK : undefined);
    this.#options.onConnection({ state, since: this.#lostAt, problem });
  }
}

/** The meaning of a failure for people. The state alone reports a server that does not answer. */
export function describeFailure(error: unknown, lostAt: number | undefined): Connection {
  const state = stateWithout(lostAt);
  if (error instanceof ClientError && error.code === "timeout") return { state, problem: NO_ANSWER };
  if (!(error instanceof ClientError) || error.status === undefined) return { state };
  // The hub's messages about tokens are for programs, and would not help a reader.
  if (error.status === 401 || error.status === 403) return { state: "refused", problem: "The server does not let this page in." };
  return { state, problem: error.message };
}

/** The state's name while there is no stream. */
function stateWithout(lostAt: number | undefined): Connection["state"] {
  return lostAt === undefined ? "connecting" : "reconnecting";
}
