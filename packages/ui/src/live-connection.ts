import { ClientError, type ConnectionState, type ConnectTopicsOptions, type LiveTopics } from "artesian-client";
import type { Connection } from "./connection-badge.tsx";
import { language } from "./language.ts";
import type { SharedTexts } from "./texts.en.ts";
import { sharedTexts } from "./texts.ts";

/**
 * Options of all pages. Tabs of one user share one stream. A browser opens six connections to a
 * site over HTTP/1.1, so a stream that only hidden tabs use is closed.
 */
export const PAGE_OPTIONS = { share: "tabs", pauseHiddenMs: 20_000, maxRetryMs: 10_000 } as const satisfies ConnectTopicsOptions;

/** How long an answer may take before the page explains the wait, in milliseconds. */
const WAITING_MS = 4000;

/** Returns a shared text later, in the language of that moment. */
function sentence(name: Exclude<keyof SharedTexts["problems"], "refused">): () => string {
  return () => sharedTexts().problems[name];
}

/**
 * Why a request may get no answer at all. Other tabs hold every connection that the browser opens
 * to the site.
 */
export const NO_ANSWER = sentence("no_answer");

/**
 * Tells the state of a connection, for people.
 *
 * @returns Stops telling.
 */
export function watchConnection(live: LiveTopics, tell: (connection: Connection) => void): () => void {
  let shown: Connection = { state: "connecting" };
  let lostAt: number | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  function show(connection: Connection): void {
    shown = connection;
    tell(connection);
  }

  function take(state: ConnectionState): void {
    clearTimeout(waiting);
    const { status, nextAttemptAt = Date.now() } = state;
    if (status === "closed") return;
    // A change of topics is no news.
    if (status === "catching-up" && shown.state === "live") return;
    if (status === "offline") {
      if (isResting(state)) lostAt = undefined;
      else if (shown.state === "live" || shown.state === "catching-up" || state.httpStatus !== undefined) lostAt ??= Date.now();
    } else if (status !== "connecting") lostAt = undefined;
    show(describe(state, lostAt));
    if (status !== "connecting" && (status !== "offline" || isResting(state))) return;
    waiting = setTimeout(() => show({ ...shown, problem: NO_ANSWER }), nextAttemptAt - Date.now() + WAITING_MS);
  }

  take(live.state);
  const stop = live.onState(take);
  return () => {
    clearTimeout(waiting);
    stop();
  };
}

function describe(state: ConnectionState, since: number | undefined): Connection {
  const { status, transport, reason, httpStatus } = state;
  if (status === "live") {
    const isPolling = transport === "polling";
    return {
      state: "live",
      isPolling,
      problem: reason !== undefined ? sentence("not_renewed") : isPolling ? sentence("polling") : undefined,
    };
  }
  if (status === "offline") {
    if (isResting(state)) return { state: "resting", problem: sentence("resting") };
    const failure = httpStatus === undefined ? undefined : new ClientError(reason ?? "", { code: "http_error", status: httpStatus });
    const connection = { ...describeFailure(failure, since), since };
    if (connection.state === "reconnecting" && !navigator.onLine)
      return { ...connection, problem: connection.problem ?? sentence("no_network") };
    return connection;
  }
  return { state: status === "catching-up" ? "catching-up" : "connecting" };
}

/** The connection is closed on purpose until the tab is shown. */
function isResting({ status, nextAttemptAt }: ConnectionState): boolean {
  return status === "offline" && nextAttemptAt === undefined;
}

/** The meaning of a failure for people. The state alone reports a server that does not answer. */
export function describeFailure(error: unknown, lostAt: number | undefined): Connection {
  const state = lostAt === undefined ? "connecting" : "reconnecting";
  if (error instanceof ClientError && error.code === "timeout") return { state, problem: NO_ANSWER };
  if (!(error instanceof ClientError) || error.status === undefined) return { state };
  // The hub's messages about tokens are for programs, and would not help a reader.
  if (error.status === 401 || error.status === 403) return { state: "refused", problem: sentence("no_access") };
  const { status, message } = error;
  // The server's own words are English.
  return { state, problem: () => (language() === "en" ? message : sharedTexts().problems.refused(status)) };
}
