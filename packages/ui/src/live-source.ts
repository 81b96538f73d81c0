import { ClientError, type ClientEvent, subscribe, type SubscriptionState } from "artesian-client";
import type { Connection } from "./connection-badge.tsx";
import { watchHiddenTab } from "./hidden-tab.ts";

export interface LiveSourceOptions {
  /** Where the stream is. */
  readonly url: string;
  /** The topics to receive. */
  readonly match: readonly string[];
  /** Where to begin. */
  readonly lastEventId: string;
  /**
   * Gives a token that it has not given before: for the stream, when one comes to its end, and when one was refused. Or the one token that
   * there is, with which the stream ends. Without any, the stream is anonymous.
   */
  readonly token?: (() => Promise<string>) | string | undefined;
  /** The hub's own URL, below which it takes renewed tokens. */
  readonly renewUrl?: string | undefined;
  readonly onEvent: (event: ClientEvent) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** How long to stay away after the server refused for good, in milliseconds: it may think otherwise later. */
const REFUSED_MS = 10_000;

/** Longest delay between two attempts, in milliseconds. */
const MAX_RETRY_MS = 15_000;

/** Ticks this far apart mean that the machine slept, in milliseconds; tabs in the background tick once a minute. */
const SLEPT_MS = 150_000;
const TICK_MS = 20_000;

/** How long an answer may take before the page says what it waits for, in milliseconds. */
const WAITING_MS = 4000;

/** Why a request may get no answer at all: other tabs hold every connection that the browser opens to the site. */
export const NO_ANSWER =
  "No answer yet. A browser opens only six connections to a site. If this site is open in other tabs or windows, close some of them.";

const RESTING = "This tab was hidden, so it closed its stream and left the connection to others. It goes on where it was when it is shown.";

const NO_NETWORK = "The browser reports no network. The page goes on trying.";

const NOT_RENEWED = "This page's access could not be renewed. It connects anew when the old one ends; nothing is lost.";

/**
 * A stream that does not give up: it goes on from the last event id after whatever came between, and its token is renewed while it is open. What the
 * browser says of its network is only a reason to try at once: a hub on the loopback address needs none. While the tab is hidden, the stream is closed.
 * What the client takes for the end (an answer that is no stream, such as a proxy's 502; a
 * token that is refused although it is new) is asked for again after a while.
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

  /** The id of the last event that came, which a next source may begin after. */
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
        // The cursor is past this event, so it is taken also when the round has just ended: the next one begins after it.
        if (this.#isClosed) return;
        onEvent(event);
        this.#lastEventId = updates.lastEventId ?? this.#lastEventId;
      }
    } finally {
      // Also past what the hub said that this page need not read.
      this.#lastEventId = updates.lastEventId ?? this.#lastEventId;
    }
  }

  /** Nothing but waiting is left to do; the network's return, and closing, end it. */
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
      // While the stream is open it goes on; else the refusal is why there is none. That nobody answers, the state says.
      if (this.#state === "live") this.#problem = NOT_RENEWED;
      else this.#problem = describeFailure(error, this.#lostAt).problem;
      this.#tell();
      throw error;
    }
  }

  /** Says so when the stream's request is not even answered. */
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

  /** The client renews in silence; whether that worked is in the answer. */
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
    // What was wrong with the stream before is over with it.
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
    // A stream that was closed on purpose is not one that was lost.
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

/** What a failure means to a person. That nobody answers, the state alone says. */
export function describeFailure(error: unknown, lostAt: number | undefined): Connection {
  const state = stateWithout(lostAt);
  if (error instanceof ClientError && error.code === "timeout") return { state, problem: NO_ANSWER };
  if (!(error instanceof ClientError) || error.status === undefined) return { state };
  // What the hub says to programs about their tokens would help nobody here.
  if (error.status === 401 || error.status === 403) return { state: "refused", problem: "The server does not let this page in." };
  return { state, problem: error.message };
}

/** What to call it while there is no stream. */
function stateWithout(lostAt: number | undefined): Connection["state"] {
  return lostAt === undefined ? "connecting" : "reconnecting";
}
