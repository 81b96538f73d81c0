import type { Plan, Listening } from "./plan.ts";

/**
 * Most characters of questions and answers on their way to one process. Further messages are lost.
 */
const MOST_ON_THE_WAY = 4 * 1024 * 1024;
/** Cost of a message beside its text, in characters. Node keeps about as much for each. */
const ENVELOPE_LENGTH = 1000;

/** `lame`: report not ready, and keep taking connections. `drain`: end. */
export type LeaveOrder = "lame" | "drain";

/** Messages from a worker to its primary. */
export type FromWorker =
  /** A text for the worker at a place, or for all others. */
  | { readonly kind: "post"; readonly to: string | undefined; readonly text: string }
  /** The worker's program is loaded, and waits for a plan. */
  | { readonly kind: "ready" }
  | { readonly kind: "listening"; readonly listening: Listening }
  /** The answer to `alive`. */
  | { readonly kind: "alive" }
  /** The answer to `prepare`: why the plan can't be taken over, or undefined. */
  | { readonly kind: "prepared"; readonly change: number; readonly why: string | undefined }
  /** The worker drains, and asks to be disconnected. */
  | { readonly kind: "leaving" }
  /** The worker could not start. The text is for the person who started the server. */
  | { readonly kind: "failed"; readonly message: string };

/** Messages from the primary to a worker. */
export type ToWorker =
  /** `place` stays the same for a replacement. */
  | { readonly kind: "start"; readonly plan: Plan; readonly place: string }
  /** Asks for a sign of life. */
  | { readonly kind: "alive" }
  | { readonly kind: "leave"; readonly order: LeaveOrder }
  /** Prepare a new plan, which the next message makes the worker's own or drops. */
  | { readonly kind: "prepare"; readonly change: number; readonly plan: Plan }
  | { readonly kind: "finish"; readonly change: number; readonly isApplied: boolean }
  /** A text of the worker at another place. */
  | { readonly kind: "heard"; readonly from: string; readonly text: string }
  /** The worker at another place has ended. */
  | { readonly kind: "gone"; readonly place: string; readonly text?: never };

/**
 * Makes a sender of one repeated message without contents. While one message is pending, all
 * further calls together send one more. A suspended process that does not read costs the others no
 * memory.
 *
 * @param send - Sends the message, and calls back when the system took it.
 */
export function createSignal(send: (sent: () => void) => void): () => void {
  let isSending = false;
  let isWanted = false;
  const sent = (): void => {
    isSending = false;
    if (!isWanted) return;
    isWanted = false;
    signal();
  };
  const signal = (): void => {
    if (isSending) {
      isWanted = true;
      return;
    }
    isSending = true;
    send(sent);
  };
  return signal;
}

/**
 * Makes a sender of messages that may be lost. A process that does not read costs the others only a
 * bounded amount of memory.
 *
 * @param send - Sends the message, and calls back when the system took it.
 */
export function createOutbox<T extends { readonly text?: string }>(send: (message: T, sent: () => void) => void): (message: T) => void {
  let onTheWay = 0;
  return (message) => {
    const length = ENVELOPE_LENGTH + (message.text?.length ?? 0);
    if (onTheWay + length > MOST_ON_THE_WAY) return;
    onTheWay += length;
    send(message, () => (onTheWay -= length));
  };
}
