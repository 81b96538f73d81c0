import type { FeedStatus } from "../server/wire.ts";
import { parseStatuses } from "./headline.ts";

const TIMEOUT_MS = 10_000;

/** Number of headlines of each feed at the beginning. */
const NEWEST = 40;

/** The server answers, but not with feeds. The message is a sentence for people. */
export class FeedsUnavailable extends Error {}

/**
 * @throws FeedsUnavailable if the answer is no list of feeds.
 * @throws TypeError or DOMException if the server does not answer.
 */
export async function fetchFeeds(path: string): Promise<{ readonly feeds: readonly FeedStatus[]; readonly now: number }> {
  const response = await fetch(path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (response.status === 404) throw new FeedsUnavailable("This server does not run the news. Start it with: artesian-demo");
  if (!response.ok) throw new FeedsUnavailable(`The server can't say which feeds there are (${response.status}). It is asked again.`);
  const text = await response.text();
  return { feeds: parseStatuses(text), now: readNow(text) };
}

function readNow(text: string): number {
  try {
    const { now } = JSON.parse(text) as { readonly now?: unknown };
    const ms = typeof now === "string" ? Date.parse(now) : NaN;
    if (!Number.isNaN(ms)) return ms;
  } catch {
    // Not JSON: the same as JSON of another shape.
  }
  throw new FeedsUnavailable("The server's answer makes no sense. It is asked again.");
}

/** An update of the hub's answer. */
interface Update {
  readonly type?: string;
  readonly data: string;
}

/**
 * The newest updates of each topic, the oldest first, and the event id to go on from.
 *
 * @throws FeedsUnavailable, TypeError or DOMException as above.
 */
export async function fetchNewest(
  path: string,
  topics: readonly string[],
): Promise<{ readonly updates: readonly Update[]; readonly cursor: string }> {
  const params = new URLSearchParams([...topics.map((topic) => ["match", topic]), ["last", `${NEWEST}`], ["wait", "0"]]);
  const updates: Update[] = [];
  for (;;) {
    const response = await fetch(`${path}?${params}`, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new FeedsUnavailable(`The hub can't say what the news are (${response.status}). It is asked again.`);
    const answer = (await response.json()) as { readonly updates: readonly Update[]; readonly cursor: string };
    updates.push(...answer.updates);
    // An answer is bounded.
    if (answer.updates.length === 0) return { updates, cursor: answer.cursor };
    params.set("last_event_id", answer.cursor);
  }
}
