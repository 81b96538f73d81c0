import type { FeedStatus } from "../server/wire.ts";
import { parseStatuses } from "./headline.ts";
import type { TroubleTexts } from "./trouble/texts.en.ts";

const TIMEOUT_MS = 10_000;

/** Number of headlines of each feed at the beginning. */
const NEWEST = 40;

/** The server answers, but not with feeds. */
export class FeedsUnavailable extends Error {
  readonly code: keyof TroubleTexts["unavailable"];
  readonly status: number;

  constructor(code: keyof TroubleTexts["unavailable"], status = 0) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

/**
 * @throws FeedsUnavailable if the answer is no list of feeds.
 * @throws TypeError or DOMException if the server does not answer.
 */
export async function fetchFeeds(path: string): Promise<{ readonly feeds: readonly FeedStatus[]; readonly now: number }> {
  const response = await fetch(path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (response.status === 404) throw new FeedsUnavailable("not_here");
  if (!response.ok) throw new FeedsUnavailable("feeds", response.status);
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
  throw new FeedsUnavailable("nonsense");
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
    if (!response.ok) throw new FeedsUnavailable("headlines", response.status);
    const answer = (await response.json()) as { readonly updates: readonly Update[]; readonly cursor: string };
    updates.push(...answer.updates);
    // An answer is bounded.
    if (answer.updates.length === 0) return { updates, cursor: answer.cursor };
    params.set("last_event_id", answer.cursor);
  }
}
