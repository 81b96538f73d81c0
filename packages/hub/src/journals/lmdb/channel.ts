import type { PeerBus } from "../../core/journal/peers.ts";
import { afterThisTurn } from "../../core/scheduler.ts";

/**
 * How the processes of a journal tell each other that its tail moved. Of updates nothing else travels between them: who is told looks at the journal.
 *
 * A call that is lost only costs time. The tail is looked at once a second all the same.
 */
export interface TailChannel {
  /** Tells the other processes. Called after a commit that appended something, once for all those of a turn of the event loop. Must not throw. */
  readonly post: () => void;
  /**
   * Calls back when another process has posted. It may do so any number of times: the calls of a turn are one look at the tail.
   *
   * @returns Stops.
   */
  readonly listen: (onMoved: () => void) => () => void;
  /** Carries the small questions that the processes ask each other. Default: they ask none, so each knows of its own streams alone. */
  readonly bus?: PeerBus | undefined;
}

/** However often it is called in a turn of the event loop, `run` is called once, at the turn's end. */
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
