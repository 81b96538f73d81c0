import { type ConnectionState, NO_STATE } from "./connection-state.ts";
import { type ClientError, errorOfFailure, parseObject } from "./error.ts";
import type { ClientEvent } from "./event-parser.ts";
import { createFollower, type Follower } from "./follower.ts";
import { identify } from "./identity.ts";
import type { ConnectTopicsOptions, Gap, LiveTopics } from "./live.ts";
import { add, call } from "./listeners.ts";
import { createMatcher, type Matcher } from "./matcher.ts";
import { checkTypes } from "./names.ts";
import { watchPage } from "./page.ts";
import { poll, type Polled } from "./poll.ts";
import { createRelay, type Relay } from "./relay.ts";
import { renewalBase } from "./renewal.ts";
import { withToken } from "./requests.ts";
import { joinTabs, type Tabs } from "./tabs.ts";
import { createTokens, type Tokens } from "./token.ts";
import { createTopic, type Listen, type OnClosed, type Schemas } from "./topic.ts";
import { resolveUrl } from "./url.ts";
import { MAX_TIMER_MS, sleep } from "./waits.ts";

/** Topics that are added together make one request, in milliseconds. */
const ADD_MS = 10;

/** How long a topic that nobody wants stays in the stream, in milliseconds. A page may come back to it. */
const REMOVE_MS = 1000;

/** The same while the stream is being opened. A page that fills slowly must not stop it each time. */
const ADD_OPENING_MS = 250;

/** Silence after which a stream that resumed has caught up, in milliseconds. */
const QUIET_MS = 250;

/**
 * Longest time that a stream that resumed is catching up, in milliseconds. A lively stream is never
 * quiet.
 */
const CATCH_UP_MS = 5000;

/** How long to wait when the token that names the user is not available, in milliseconds. */
const JOIN_MS = 5000;

/** Who wants the updates of one matcher. */
interface Channel {
  readonly matcher: Matcher;
  readonly listeners: Set<(event: ClientEvent) => void>;
}

/** A connection, and the parts of it on which snapshots and publishing stand. */
export interface Connection {
  readonly topics: LiveTopics;
  /** The URL of the stream, without topics. */
  readonly base: URL;
  /** The hub's own URL. */
  readonly hub: string;
  readonly tokens: Tokens;
  /** Ends all that waits. */
  readonly closed: AbortSignal;
  /** Calls back when the connection is closed, or soon. @returns Stops that. */
  readonly onClosed: OnClosed;
  readonly relay: Pick<Relay, "mark" | "isSince">;
  readonly listen: (matcher: Matcher) => Listen;
  /** Asks once for updates after a cursor. */
  readonly ask: (url: URL, cursor: string | undefined, stopped: AbortSignal) => Promise<Polled>;
  /** Calls back once the stream brings all updates that are wanted, and after each gap. @returns Stops that. */
  readonly onCovered: (take: () => void) => () => void;
}

/**
 * Connects to the topics of a hub, as {@link connect} does, without snapshots and publishing. A page
 * that only listens loads less code so.
 *
 * @throws TypeError for an unusable URL, token or option.
 */
export function connectTopics(url: string | URL, options: ConnectTopicsOptions = {}): LiveTopics {
  return openConnection(url, options).topics;
}

/**
 * Opens a connection.
 *
 * @param onWake - Called when the hub may answer again, and when the connection is closed.
 * @throws TypeError for an unusable URL, token or option.
 */
export function openConnection(url: string | URL, options: ConnectTopicsOptions, onWake = (): void => undefined): Connection {
  checkTypes(options);
  const { share, shareKey, pauseHiddenMs, firstByteMs = 6000, pollMs = 300_000, onInvalid, ...follow } = options;
  const { token: source, headers, signal, fetch = globalThis.fetch.bind(globalThis), idleTimeoutMs = 40_000, maxRetryMs = 30_000 } = follow;
  if (share !== undefined && share !== "tabs") throw new TypeError('`share` is "tabs" or nothing.');
  const base = resolveUrl(url);
  const target = new URL(base);
  const hub = renewalBase(base, follow.renewUrl === undefined ? undefined : resolveUrl(follow.renewUrl)).href;
  const tokens = createTokens(source);
  const fallback = { poll, firstByteMs, pollMs };
  // Refuses unknown options now. The stream is opened later, in a timer.
  createFollower(target, follow, fallback);
  const parts = [base.href, shareKey, [...new Headers(headers)]];
  /** Ends all that waits. */
  const closing = new AbortController();
  const closed = closing.signal;
  const channels = new Map<string, Channel>();
  /** Loops and snapshots. As listeners of one signal, Node would warn of the eleventh. */
  const endings = new Set<() => void>();
  const onClosed: OnClosed = (end) => {
    if (closed.aborted) queueMicrotask(end);
    return add(endings, end);
  };
  const stateListeners = new Set<(state: ConnectionState) => void>();
  const gapListeners = new Set<(gap: Gap) => void>();
  /** Snapshots, and whether each was taken since the stream brings its updates. */
  const snapshots = new Map<() => void, boolean>();
  let state = NO_STATE;
  let stream: Follower | undefined;
  let stop = new AbortController();
  let pause = new AbortController();
  let tabs: Tabs<ClientEvent, ConnectionState> | undefined;
  let isLeader = share !== "tabs";
  let isAway = false;
  /** Counts the times that the page came or went. */
  let visit = 0;
  /** Who the tabs belong to that share with this one. */
  let name: string | undefined;
  /** The query of the leader's stream, and whether it has all that this tab wants. */
  let search = "";
  let isCovered = false;
  let change: ReturnType<typeof setTimeout> | undefined;
  let quiet: ReturnType<typeof setTimeout> | undefined;
  let caughtUpAtMs = 0;
  let isOpening = false;
  let hidden: ReturnType<typeof setInterval> | undefined;
  const relay = createRelay(
    follow.lastEventId ?? undefined,
    deliver,
    (cursor) => ask(new URL(search, base), cursor),
    () => !isLeader && !isAway && isCovered,
  );

  const wanted = (): string[] => [...channels.keys()];

  function setState(status: ConnectionState["status"], rest: Partial<ConnectionState> = {}): void {
    if (state.status === "closed") return;
    state = { ...NO_STATE, status, ...rest };
    call(stateListeners, state);
    if (isLeader && status !== "closed") tellState();
  }

  function tellState(): void {
    const from = relay.cursor;
    relay.pass(stream?.lastEventId, undefined);
    search = stream === undefined ? "" : target.search;
    tabs?.tellState(from, relay.cursor, state, search);
    takeSnapshots();
  }

  function takeSnapshots(): void {
    isCovered = wanted().every((key) => `&${search.slice(1)}&`.includes(`&${key}&`));
    if (!isCovered || !/^(live|cat)/.test(state.status)) return;
    for (const [take, isTaken] of snapshots) {
      snapshots.set(take, true);
      if (!isTaken) take();
    }
  }

  /** Delivers an event to the page's own listeners. */
  function deliver(event: ClientEvent): void {
    const { type, data, topics } = event;
    if (type === "hub:gap") {
      call(gapListeners, parseObject(data) as unknown as Gap);
      for (const take of snapshots.keys()) take();
    } else {
      // oxlint-disable-next-line unicorn/no-useless-spread -- a listener may change the map
      for (const { matcher, listeners } of [...channels.values()]) {
        if (topics === undefined || topics.some(matcher.matches)) call(listeners, event);
      }
    }
  }

  async function run(mine: Follower, { signal: stopped }: AbortController): Promise<void> {
    let refusal: Refusal = { reason: "The server ended the stream.", httpStatus: undefined };
    try {
      for await (const event of mine) {
        if (stopped.aborted) return;
        const from = relay.cursor;
        relay.pass(mine.lastEventId, event);
        tabs?.tell(from, mine.lastEventId, event);
        if (quiet !== undefined) settle();
      }
    } catch (error) {
      refusal = refusalOf(error);
    }
    // The token of another tab may do. All clients of a hub may have been refused at the same time.
    if (!stopped.aborted) await retire(refusal, maxRetryMs * (2 + Math.random()));
  }

  /** Leaves for a while, or until the network is back. */
  async function retire(refusal: Refusal, ms: number): Promise<void> {
    leave({ ...refusal, nextAttemptAt: Date.now() + ms });
    const mine = visit;
    pause = new AbortController();
    await sleep(ms, pause.signal);
    if (mine === visit) enter();
  }

  /** Live follows when the stream is quiet. */
  function settle(): void {
    clearTimeout(quiet);
    quiet = setTimeout(
      () => {
        quiet = undefined;
        setState("live");
      },
      Math.min(QUIET_MS, caughtUpAtMs - performance.now()),
    );
  }

  /** Opens, changes or closes the stream, as the page and the other tabs want. */
  function update(): void {
    clearTimeout(change);
    change = undefined;
    tabs?.tellWanted();
    const params = new Set([...wanted(), ...(tabs?.others() ?? [])]);
    const query = [base.search.slice(1), "fields=topics", ...[...params].toSorted()].join("&").replace(/^&/, "");
    if (!isLeader || isAway || params.size === 0 || state.status === "closed") {
      stop.abort();
      pause.abort();
      relay.pass(stream?.lastEventId, undefined);
      const isUnwanted = stream !== undefined && isLeader && !isAway;
      stream = undefined;
      if (isUnwanted) setState("connecting");
      return;
    }
    if (stream !== undefined && query === target.search.slice(1)) return tellState();
    target.search = query;
    isOpening = true;
    // A wait that the hub asked for goes on.
    stream?.wake(false);
    if (stream !== undefined) return;
    stop = new AbortController();
    let resumes = relay.cursor !== undefined;
    stream = createFollower(
      target,
      {
        ...follow,
        token: typeof source === "function" ? () => take(true) as Promise<string> : source,
        lastEventId: relay.cursor,
        idleTimeoutMs,
        signal: stop.signal,
        onState(next, { delayMs = 0, polls, ...refusal }) {
          clearTimeout(quiet);
          quiet = undefined;
          isOpening = false;
          if (next === "reconnecting") setState("offline", { ...refusal, nextAttemptAt: Date.now() + delayMs });
          if (next !== "live") return;
          onWake();
          if (!resumes || polls || state.status === "live") {
            setState("live", { ...refusal, transport: polls ? "polling" : "stream" });
          } else {
            setState("catching-up");
            caughtUpAtMs = performance.now() + CATCH_UP_MS;
            settle();
          }
          resumes = true;
        },
      },
      fallback,
    );
    void run(stream, stop);
  }

  function wake(): void {
    pause.abort();
    onWake();
    stream?.wake(true);
  }

  /** A function may give the token of another user, who must not share with the tabs of the one before. */
  async function take(isNew = false, stopped = closed): Promise<string | undefined> {
    if (isNew) tokens.drop();
    const token = await tokens.take(idleTimeoutMs, stopped);
    if (tabs !== undefined && name !== (await identify(token, parts))) {
      leave({ reason: "The user is another." });
      enter();
    }
    return token;
  }

  async function ask(url: URL, cursor?: string, signal = closed): Promise<Polled> {
    for (let isRetry = false; ; isRetry = true) {
      const init = { headers: withToken(headers, await take(isRetry, signal)) };
      try {
        return await poll({ fetch, url, init, timeoutMs: idleTimeoutMs, signal }, cursor, 0);
      } catch (error) {
        // The token of a tab without a stream may have expired.
        if (isRetry || !tokens.renewable || (error as ClientError).status !== 401) throw error;
      }
    }
  }

  async function join(mine: number): Promise<void> {
    let next: string;
    try {
      next = await identify(await take(), parts);
    } catch (error) {
      if (mine === visit) await retire(refusalOf(error), JOIN_MS);
      return;
    }
    if (mine !== visit) return;
    name = next;
    tabs = joinTabs<ClientEvent, ConnectionState>(`artesian/1 ${name}`, {
      lead() {
        isLeader = true;
        update();
        setState(relay.cursor === undefined ? "connecting" : "catching-up");
      },
      follow() {
        isLeader = false;
        update();
      },
      changed: (isGone) => plan(isGone ? REMOVE_MS : ADD_MS),
      wanted,
      event: relay.hear,
      state(from, to, next, query) {
        const isNew = JSON.stringify(next) !== JSON.stringify(state);
        state = next;
        search = query;
        if (isNew) call(stateListeners, state);
        takeSnapshots();
        relay.hear(from, to, undefined);
      },
      asked: tellState,
    });
    update();
  }

  function enter(): void {
    if (state.status === "closed") return;
    const mine = ++visit;
    isAway = false;
    if (share !== "tabs" || typeof document === "undefined" || !("locks" in navigator)) {
      isLeader = true;
      return update();
    }
    void join(mine);
  }

  function leave(refusal: Partial<ConnectionState> = { reason: "The tab is hidden." }): void {
    visit++;
    isAway = true;
    isCovered = false;
    tabs?.leave();
    tabs = undefined;
    isLeader = false;
    update();
    setState("offline", refusal);
  }

  function plan(ms: number): void {
    if (closed.aborted) return;
    if (ms < REMOVE_MS) clearTimeout(change);
    else if (change !== undefined) return;
    change = setTimeout(update, isOpening ? Math.max(ms, ADD_OPENING_MS) : ms);
  }

  function listen(matcher: Matcher): Listen {
    const key = new URLSearchParams([[matcher.param, matcher.value]]).toString();
    return (listener) => {
      let channel = channels.get(key);
      if (channel === undefined) {
        channel = { matcher, listeners: new Set() };
        channels.set(key, channel);
        isCovered = false;
        plan(ADD_MS);
      }
      const { listeners } = channel;
      const remove = add(listeners, listener);
      return () => {
        remove();
        if (listeners.size > 0 || channels.get(key)?.listeners !== listeners) return;
        channels.delete(key);
        plan(REMOVE_MS);
      };
    };
  }

  const ignorePage = watchPage({
    wake,
    leave: () => leave(),
    enter() {
      if (isAway) enter();
    },
    hide(isHidden) {
      clearInterval(hidden);
      tabs?.tellWanted();
      if (isHidden && pauseHiddenMs !== undefined) {
        hidden = setInterval(
          () => {
            if (isLeader && tabs?.isSeen() !== true) leave();
          },
          Math.min(pauseHiddenMs, MAX_TIMER_MS),
        );
      } else if (!isHidden && isAway) enter();
    },
  });

  function close(): void {
    signal?.removeEventListener("abort", close);
    ignorePage();
    clearInterval(hidden);
    clearTimeout(quiet);
    setState("closed");
    leave();
    closing.abort();
    call(endings);
    wake();
  }
  signal?.addEventListener("abort", close);
  if (signal?.aborted === true) close();
  else enter();

  const topics: LiveTopics = {
    get state() {
      return state;
    },
    onState: (listener) => add(stateListeners, listener),
    onGap: (listener) => add(gapListeners, listener),
    topic: (pattern: string, schemas?: Schemas) => createTopic(listen(createMatcher(pattern, hub)), schemas, onInvalid, onClosed) as never,
    close,
  };
  return {
    topics,
    base,
    hub,
    tokens,
    closed,
    onClosed,
    relay,
    listen,
    ask,
    onCovered(take) {
      snapshots.set(take, false);
      // Perhaps the stream brings its updates already.
      plan(ADD_MS);
      return () => snapshots.delete(take);
    },
  };
}

/** Why there is no stream. */
type Refusal = Pick<ConnectionState, "reason" | "httpStatus">;

function refusalOf(error: unknown): Refusal {
  const { message, status } = errorOfFailure(error);
  return { reason: message, httpStatus: status };
}
