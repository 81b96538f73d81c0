import type { ClientEvent } from "./event-parser.ts";
import type { Polled } from "./poll.ts";
import { sleep } from "./waits.ts";

/** Most cursors that a tab remembers, and most events that wait. */
const MAX_PASSED = 2000;

/** After this time every process of a fleet has what one of them sent, in milliseconds. */
const LAG_MS = 250;

/** How long to wait after a poll that failed, in milliseconds. */
const FAILED_MS = 5000;

type Heard = readonly [from: string | undefined, to: string | undefined, event: ClientEvent | undefined];

/** The place of a tab in the updates, and what brings it there. */
export interface Relay {
  cursor: string | undefined;
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
 * @param ask - Polls from a cursor for what the leader's stream brings.
 * @param isFollower - Whether another tab leads.
 */
export function createRelay(
  cursor: string | undefined,
  deliver: (event: ClientEvent) => void,
  ask: (cursor: string | undefined) => Promise<Polled>,
  isFollower: () => boolean,
): Relay {
  const passed = new Set<string | undefined>(cursor === undefined ? [] : [cursor]);
  /** What the leader told during a poll. */
  let waiting: Heard[] | undefined;
  /** A cursor of the leader that did not tell where this tab is, after a poll. */
  let asked: string | undefined;

  /** @returns Whether the place is new. */
  function add(to: string | undefined): boolean {
    if (to === undefined || passed.has(to)) return false;
    passed.add(to);
    if (passed.size > MAX_PASSED) passed.delete(passed.values().next().value);
    return true;
  }

  function pass(to: string | undefined, event: ClientEvent | undefined): void {
    if (add(to)) relay.cursor = to;
    else if (event?.id !== undefined) return;
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
        if (add(answer.cursor)) relay.cursor = answer.cursor;
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
    pass,
    hear(...heard) {
      const [from, to, event] = heard;
      if (!isFollower()) return;
      if (waiting !== undefined) {
        // The next event starts another poll.
        if (waiting.push(heard) > MAX_PASSED) waiting = [];
      } else if (relay.cursor === undefined || from === relay.cursor || (event?.id !== undefined && passed.has(from))) pass(to, event);
      else if (passed.has(from)) add(to);
      else if (!passed.has(to) && (event !== undefined || to !== asked)) void catchUp(heard);
    },
  };
  return relay;
}
