import type { PeerBus } from "../../core/journal/peers.ts";
import { afterThisTurn } from "../../core/scheduler.ts";

/**
 * Tells the other processes of a journal that its tail moved. No updates travel this way. A process
 * that is told reads the journal.
 *
 * A lost call only costs time, because the tail is also checked once a second.
 */
export interface TailChannel {
  /**
   * Tells the other processes. Called after a commit that appended something, once for all commits
   * of a turn of the event loop. Must not throw.
   */
  readonly post: () => void;
  /**
   * Calls back when another process has posted. Any number of calls is allowed, because the calls
   * of a turn lead to one check of the tail.
   *
   * @returns Stops.
   */
  readonly listen: (onMoved: () => void) => () => void;
  /**
   * Carries the small questions that the processes ask each other. Default: no questions, so each
   * process knows its own streams alone.
   */
  readonly bus?: PeerBus | undefined;
}

/**
 * Makes a function whose calls within one turn of the event loop run `run` once, at the turn's end.
 */
export function oncePerTurn(run: () => void): () => void {
  let isScheduled = false;
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    afterThisTurn(() => {
      isScheduled = false;
      run();
    });
  };
}
