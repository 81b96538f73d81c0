import type { ComponentChildren } from "preact";
import { sharedTexts } from "./texts.ts";

/**
 * State of a page's stream, for people. `catching-up`: the stream is open again, and brings what was
 * missed. `resting`: the tab is hidden, and its stream closed until the tab is shown. `refused`: the
 * server answers, and does not let this page in.
 */
export type ConnectionState = "connecting" | "catching-up" | "live" | "reconnecting" | "resting" | "refused";

export interface Connection {
  readonly state: ConnectionState;
  /** Whether a live page asks for its updates, because no stream gets through. */
  readonly isPolling?: boolean | undefined;
  /** When the stream was lost, in milliseconds since 1970. Present while reconnecting. */
  readonly since?: number | undefined;
  /** Returns a problem beside the state as a sentence, in the language of the moment. */
  readonly problem?: (() => string) | undefined;
}

/**
 * Shows whether the page is current. The seconds are not read out, because only a change of state
 * is news.
 */
export function ConnectionBadge({ connection, now }: { connection: Connection; now: number }): ComponentChildren {
  const words = sharedTexts().connection;
  const seconds = connection.since === undefined ? 0 : Math.max(0, Math.floor((now - connection.since) / 1000));
  return (
    <span class="badge" data-testid="connection" data-state={connection.state}>
      <span role="status">{words[connection.isPolling === true ? "polling" : connection.state]}</span>
      {connection.state === "reconnecting" && seconds > 0 && <span aria-hidden="true">{sharedTexts().seconds(seconds)}</span>}
    </span>
  );
}

/**
 * The sentence beside the badge, if there is one. It stands below the badge on the page, so that it
 * fits a phone.
 */
export function ConnectionProblem({ connection }: { connection: Connection }): ComponentChildren {
  return (
    <p class="connection-problem" role="status" data-testid="connection-problem">
      {connection.problem?.()}
    </p>
  );
}
