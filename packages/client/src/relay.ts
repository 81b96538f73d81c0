import type { ClientEvent } from "./event-parser.ts";
import type { Polled } from "./poll.ts";
import { sleep } from "./waits.ts";

/** Most cursors that a tab remembers, and most events that wait. */
const MAX_PASSED = 2000;

/** After this time every process of a fleet has the updates that one of them sent, in milliseconds. */
const LAG_MS = 250;

/** How long to wait after a poll that failed, in milliseconds. */
const FAILED_MS = 5000;

type Heard = readonly [from: string | undefined, to: string | undefined, event: ClientEvent | undefined];

/** The place of a tab in the updates, and the ways there. */
export interface Relay {
  cursor: string | undefined;
  /** A mark of the place. */
  readonly mark: () => number;
  /** Whether the tab has passed a cursor since a mark, or was at it. */
  readonly isSince: (to: string | undefined, mark: number) => boolean;
  /** Takes an event of the tab's own stream, or of a poll. */
  readonly pass: (to: string | undefined, event: ClientEvent | undefined) => void;
  /**
   * Takes an event of the leader's stream, or the leader's cursor. If the tab was not at `from`, it
   * polls from its own cursor.
   */
  readonly hear: (...heard: Heard) => void;
}

/**
 * Event ids have no order that a client may know. A tab remembers which it passed: so it tells an
 * update that it had from one that follows.
 *
 * @param deliver - Gets each event once, in order.
 * @param ask - Polls from a cursor for the updates of the leader's stream.
 * @param isFollower - Whether another tab leads.
 */
export function createRelay(
  cursor: string | undefined,
  deliver: (event: ClientEvent) => void,
  ask: (cursor: string | undefined) => Promise<Polled>,
  isFollower: () => boolean,
): Relay {
  /** With the order in which they were passed. */
  const passed = new Map<string | undefined, number>(cursor === undefined ? [] : [[cursor, 0]]);
  let count = 0;
  /** The leader's messages during a poll. */
  let waiting: Heard[] | undefined;
  /** A cursor of the leader that did not tell where this tab is, after a poll. */
  let asked: string | undefined;

  function add(to: string | undefined): void {
    if (to === undefined) return;
    // Publishers may use an id again.
    passed.delete(to);
    passed.set(to, ++count);
    if (passed.size > MAX_PASSED) passed.delete(passed.keys().next().value);
  }

  function pass(to: string | undefined, event: ClientEvent | undefined): void {
    add(to);
    relay.cursor = to ?? relay.cursor;
    if (event !== undefined) deliver(event);
  }

  async function catchUp(heard: Heard): Promise<void> {
    const [, to] = heard;
    waiting = [];
    try {
      for (let quiet = 0; quiet < 2;) {
        const before = relay.cursor;
        const answer = await ask(before);
        // A tab that leads by now has opened its stream at the same cursor.
        if (!isFollower()) break;
        for (const event of answer.events) pass(event.id, event);
        pass(answer.cursor, undefined);
        // Under load there is always more, and the leader brings the rest.
        if (passed.has(to)) break;
        if (answer.events.length > 0 && relay.cursor !== before) continue;
        if (++quiet < 2) await sleep(LAG_MS);
        else asked = to;
      }
    } catch {
      await sleep(FAILED_MS);
      waiting.unshift(heard);
    }
    const rest = waiting;
    waiting = undefined;
    for (const each of rest) relay.hear(...each);
  }

  const relay: Relay = {
    cursor,
    mark: () => count,
    isSince: (to, mark) => (passed.get(to) ?? -1) >= mark,
    pass,
    hear(...heard) {
      const [from, to, event] = heard;
      if (!isFollower()) return;
      const isPassed = passed.has(to);
      if (waiting !== undefined) {
        // The next event starts another poll.
        if (waiting.push(heard) > MAX_PASSED) waiting = [];
      } else if (relay.cursor === undefined || from === relay.cursor) pass(to, event);
      else if (isPassed) return;
      else if (!passed.has(from)) {
        if (event !== undefined || to !== asked) void catchUp(heard);
      } else if (event?.id === undefined) add(to);
      else pass(to, event);
    },
  };
  return relay;
}
