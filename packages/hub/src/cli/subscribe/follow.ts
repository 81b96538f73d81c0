import { ClientError, subscribe, type ClientEvent, type StateDetail, type SubscriptionState } from "artesian-client";
import { EXIT, Failure } from "../errors.ts";
import { onStop } from "../signals.ts";
import { createOutput, type Output, style } from "../terminal.ts";

/** What to print. */
export interface FollowOptions {
  readonly url: URL;
  /** What carries the token. */
  readonly headers: Readonly<Record<string, string>>;
  readonly match: readonly string[];
  readonly matchUrlPattern: readonly string[];
  readonly lastEventId: string | undefined;
  /** Objects instead of the data alone. */
  readonly json: boolean;
  /** How many updates to print; undefined for no end. */
  readonly limit: number | undefined;
}

/**
 * Prints updates until it is stopped, at the pace of whoever reads them.
 *
 * @throws Failure when the hub refuses for good.
 */
export async function follow(options: FollowOptions): Promise<void> {
  const { url, headers, match, matchUrlPattern, lastEventId, json, limit } = options;
  const stop = new AbortController();
  // `| head` has what it wanted: that is no failure, and there is nobody to tell.
  const stdout = createOutput(process.stdout, () => process.exit(EXIT.ok));
  const stderr = createOutput(process.stderr);
  const release = onStop(() => stop.abort());
  const tell = createTeller(stderr);
  const subscription = subscribe(url, { headers, match, matchUrlPattern, lastEventId, signal: stop.signal, onState: tell });
  // Only what was taken by the reader counts as seen: going on from there repeats nothing and leaves nothing out.
  let before = subscription.lastEventId;
  let unprinted = false;
  let printed = 0;
  try {
    for await (const event of subscription) {
      const isGap = event.type === "hub:gap";
      if (isGap) await stderr.line(style("yellow", `warning: updates are missing, because they are no longer held: ${event.data}`));
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
  // A reader that is stuck would keep the process, and what it did not take is not counted as seen.
  if (stop.signal.aborted) process.exit(EXIT.ok);
}

function render({ id, type, data }: ClientEvent, json: boolean): string {
  return json ? JSON.stringify({ id: id ?? null, type, data }) : data;
}

/** Tells what happens to the connection, but not the same thing again and again. */
function createTeller(stderr: Output): (state: SubscriptionState, detail: StateDetail) => void {
  return (state, { reason, delayMs }) => {
    if (state === "live") void stderr.line(style("green", "connected"));
    if (state === "reconnecting") {
      void stderr.line(style("yellow", `${reason ?? "The connection was lost."} Trying again in ${((delayMs ?? 0) / 1000).toFixed(1)} s.`));
    }
  };
}
