import { sleep } from "./waits.ts";

/** Messages between the tabs of one origin. */
type Message =
  /** A tab wants these matchers, and can be seen or not. Or it has gone. */
  | readonly [kind: "want", tab: string, params: readonly string[] | undefined, isVisible: boolean]
  /** A tab that can be seen asks whether the leader lives. */
  | readonly [kind: "ping"]
  /** An event of the leader's stream, between two cursors. */
  | readonly [kind: "event", term: number, from: string | undefined, to: string | undefined, event: unknown]
  /** The leader's state and cursor. A new leader says so first. */
  | readonly [kind: "state", term: number, from: string | undefined, to: string | undefined, state: unknown, search: string];

/** How often a tab that can be seen looks for a sign of the leader, in milliseconds. */
const TICK_MS = 225;

/** Ticks without a sign, after which a tab asks for one. */
const PING_TICKS = 2;

/** Ticks without a sign, after which a tab takes the lead. Four are 900 ms. */
const STEAL_TICKS = 4;

/** Most ticks without a sign. A machine that is too busy to answer must not change leaders all the time. */
const MAX_STEAL_TICKS = 32;

/** Time after which another silent leader is not the machine's fault, in milliseconds. */
const CALM_MS = 10_000;

/** The part of a tab: for the others, and for itself. */
export interface TabHandlers<Event, State> {
  /** This tab is the leader. It opens the stream, and tells its state. */
  readonly lead: () => void;
  /** Another tab has become the leader. */
  readonly follow: () => void;
  /** The other tabs want something else. */
  readonly changed: (isGone: boolean) => void;
  /** The matchers that this tab wants. */
  readonly wanted: () => readonly string[];
  readonly event: (from: string | undefined, to: string | undefined, event: Event) => void;
  /** @param search - The query of the leader's stream. */
  readonly state: (from: string | undefined, to: string | undefined, state: State, search: string) => void;
  /** The leader is asked for its state and its cursor. */
  readonly asked: () => void;
}

/** One tab among those that share a stream. */
export interface Tabs<Event, State> {
  /** The matchers that the other tabs want. */
  readonly others: () => readonly string[];
  /** Whether another tab can be seen. */
  readonly isSeen: () => boolean;
  readonly tell: (from: string | undefined, to: string | undefined, event: Event) => void;
  readonly tellState: (from: string | undefined, to: string | undefined, state: State, search: string) => void;
  readonly tellWanted: () => void;
  readonly leave: () => void;
}

const isVisible = (): boolean => document.visibilityState === "visible";

/**
 * Joins the tabs that share a stream under a name. The tab that holds the lock leads. The others
 * wait for the lock, so that one of them follows when the leader closes or crashes.
 *
 * @see docs/decisions/shared-tabs.md
 */
export function joinTabs<Event, State>(name: string, on: TabHandlers<Event, State>): Tabs<Event, State> {
  const { locks } = navigator;
  const channel = new BroadcastChannel(name);
  const tab = Math.random().toString(36).slice(2);
  const wants = new Map<string, readonly [params: readonly string[], isVisible: boolean]>();
  const watched = new Set<string>();
  /** Ends the waits of this tab. */
  const gone = new AbortController();
  /** Whether the others can learn that this tab is gone. */
  let isListed = false;
  let isLeader = false;
  /** The newest leader's. A leader that froze may wake up and talk before it learns of its successor. */
  let term = 0;
  let silentTicks = 0;
  let stealTicks = STEAL_TICKS;
  let stolenAtMs = -Infinity;
  let tickedAtMs = 0;
  let standing: AbortController | undefined;
  let resign = (): void => undefined;

  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
  const post = (...message: Message): void => channel.postMessage(message);
  const tellWanted = (): void => {
    if (isListed) post("want", tab, on.wanted(), isVisible());
  };
  const hold = async (lock: string, options: LockOptions, held: () => Promise<void> | void): Promise<void> =>
    locks.request(lock, options, held).catch(() => undefined);

  /** The leader learns from the lock of another tab that the tab is gone. */
  function watch(other: string): void {
    if (watched.has(other)) return;
    watched.add(other);
    void hold(name + other, { signal: gone.signal }, () => {
      watched.delete(other);
      wants.delete(other);
      if (isLeader) on.changed(true);
    });
  }

  function follow(): void {
    if (!isLeader) return;
    isLeader = false;
    silentTicks = 0;
    on.follow();
  }

  /** Waits for the lock, or takes it from a leader that is silent. */
  async function stand(steal = false): Promise<void> {
    standing?.abort();
    const mine = (standing = new AbortController());
    await hold(name, steal ? { steal } : { signal: mine.signal }, () => {
      if (mine !== standing) return undefined;
      isLeader = true;
      // Tabs that never heard of each other have the same clock.
      term = Math.max(term, Date.now()) + Math.random();
      for (const other of wants.keys()) watch(other);
      on.lead();
      return new Promise((resolve) => {
        resign = resolve;
      });
    });
    if (mine !== standing) return;
    // Another tab has taken the lock, or the page can't have locks just now.
    follow();
    await sleep(TICK_MS);
    if (mine === standing) await stand();
  }

  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- each byte counts
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data[0] === "want") {
      const [, other, params, isShown] = data;
      if (params === undefined) wants.delete(other);
      else wants.set(other, [params, isShown]);
      if (!isLeader) return;
      if (params !== undefined) watch(other);
      on.changed(params === undefined);
    } else if (data[0] === "ping") {
      if (isLeader) on.asked();
    } else if (data[1] >= term) {
      silentTicks = 0;
      if (data[1] > term) {
        [, term] = data;
        // Each tab tells the new leader, and all hear it.
        wants.clear();
        follow();
        tellWanted();
      }
      if (data[0] === "event") on.event(data[2], data[3], data[4] as Event);
      else on.state(data[2], data[3], data[4] as State, data[5]);
    }
  };

  const timer = setInterval(() => {
    const now = performance.now();
    // A tab that was held up itself can't tell who was silent.
    if (isLeader || now - tickedAtMs > 2 * TICK_MS || !isVisible()) silentTicks = 0;
    else if (++silentTicks === PING_TICKS) post("ping");
    else if (silentTicks >= stealTicks) {
      stealTicks = now - stolenAtMs < CALM_MS ? Math.min(2 * stealTicks, MAX_STEAL_TICKS) : STEAL_TICKS;
      stolenAtMs = now;
      silentTicks = 0;
      void stand(true);
    }
    tickedAtMs = now;
  }, TICK_MS);

  // Held until the tab is gone.
  void hold(name + tab, { signal: gone.signal }, () => {
    isListed = true;
    tellWanted();
    return new Promise((resolve) => gone.signal.addEventListener("abort", () => resolve()));
  });
  void stand();

  return {
    others: () => [...wants.values()].flatMap(([params]) => params),
    isSeen: () => [...wants.values()].some(([, isShown]) => isShown),
    tell: (from, to, event) => post("event", term, from, to, event),
    tellState: (from, to, state, search) => post("state", term, from, to, state, search),
    tellWanted,
    leave() {
      clearInterval(timer);
      const mine = standing;
      standing = undefined;
      mine?.abort();
      gone.abort();
      resign();
      post("want", tab, undefined, false);
      channel.close();
    },
  };
}
