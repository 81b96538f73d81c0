import { ClientError, subscribe, type ClientEvent, type StateDetail, type SubscriptionState } from "artesian-client";
import { EXIT, Failure } from "../errors.ts";
import { onStop } from "../signals.ts";
import { createOutput, type Output, style } from "../terminal.ts";

/** Options of `follow`. */
export interface FollowOptions {
  readonly url: URL;
  /** Headers that carry the token. */
  readonly headers: Readonly<Record<string, string>>;
  readonly match: readonly string[];
  readonly matchUrlPattern: readonly string[];
  readonly lastEventId: string | undefined;
  /** Whether to print objects instead of the data alone. */
  readonly json: boolean;
  /** Number of updates to print. Undefined for no end. */
  readonly limit: number | undefined;
}

/**
 * Prints updates until it is stopped, at the pace of the output's reader.
 *
 * @throws Failure when the hub refuses permanently.
 */
export async function follow(options: FollowOptions): Promise<void> {
  const { url, headers, match, matchUrlPattern, lastEventId, json, limit } = options;
  const stop = new AbortController();
  // A reader that has gone, such as `| head`, is no failure, and nobody is left to tell.
  const stdout = createOutput(process.stdout, () => process.exit(process.exitCode ?? EXIT.ok));
  const stderr = createOutput(process.stderr);
  const release = onStop(() => stop.abort());
  const tell = createTeller(stderr);
  const subscription = subscribe(url, { headers, match, matchUrlPattern, lastEventId, signal: stop.signal, onState: tell });
  // Only updates that the reader took count as seen. Continuing from there repeats nothing and
  // leaves nothing out.
  let before = subscription.lastEventId;
  let unprinted = false;
  let printed = 0;
  try {
    for await (const event of subscription) {
      const isGap = event.type === "hub:gap";
      if (isGap) await stderr.line(style("yellow", `warning: updates are missing, because the hub no longer keeps them: ${event.data}`));
      if ((json || !isGap) && !(await stdout.line(render(event, json), stop.signal))) {
        unprinted = true;
        break;
      }
      before = subscription.lastEventId;
      if (!isGap) printed += 1;
      if (printed === limit) break;
    }
  } catch (error) {
    if (error instanceof ClientError) throw new Failure(error.message, { cause: error });
    throw error;
  } finally {
    release();
    const seen = unprinted ? before : subscription.lastEventId;
    if (seen !== undefined && seen !== "earliest") await stderr.line(style("dim", `last event id: ${seen}`));
  }
  // A stuck reader would keep the process alive. Updates that it did not take do not count as seen.
  if (stop.signal.aborted) process.exit(EXIT.ok);
}

function render({ id, type, data }: ClientEvent, json: boolean): string {
  return json ? JSON.stringify({ id: id ?? null, type, data }) : data;
}

/** Reports changes of the connection's state. */
function createTeller(stderr: Output): (state: SubscriptionState, detail: StateDetail) => void {
  return (state, { reason, delayMs }) => {
    if (state === "live") void stderr.line(style("green", "connected"));
    if (state === "reconnecting") {
      void stderr.line(style("yellow", `${reason ?? "The connection was lost."} Trying again in ${((delayMs ?? 0) / 1000).toFixed(1)} s.`));
    }
  };
}
