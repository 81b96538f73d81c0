import type { Plan, Listening } from "./plan.ts";

/** The tail of the journal moved: all that is ever said about updates. */
export const MOVED = "moved";

/** What a worker says to its primary. */
export type FromWorker =
  | typeof MOVED
  /** Its program is loaded, and waits for a plan. */
  | { readonly kind: "ready" }
  | { readonly kind: "listening"; readonly listening: Listening }
  /** It could not start; the text is for whoever started the server. */
  | { readonly kind: "failed"; readonly message: string };

/** What the primary says to a worker. */
export type ToWorker = typeof MOVED | { readonly kind: "start"; readonly plan: Plan };

/**
 * A message without contents that is sent over and over. While one is on its way, any number of further calls are one more: a process that does
 * not read, because it is suspended, costs the others no memory.
 *
 * @param send - Sends it, and calls back when the system took it.
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
