import type { MatcherType } from "../../core/matching/matcher.ts";

/** Parameters that name matchers, with the kind of each. */
export const MATCH_TYPES: Readonly<Record<"match" | "match_exact" | "match_urlpattern", MatcherType>> = {
  match: "exact",
  match_exact: "exact",
  match_urlpattern: "urlpattern",
};

/** Names of the cursor in the query: the standard's, then those of older clients and polyfills. */
export const CURSOR_NAMES: readonly string[] = ["last_event_id", "lastEventID", "lastEventId", "Last-Event-ID"];

/** Parameters that spread the updates over time, choose the first ones, or add fields to the events. */
export const PACING_NAMES = ["interval", "latest", "last", "fields", "wait"] as const;

/**
 * Wait of a poll that names none, in milliseconds. Shorter than the 30 s after which some proxies
 * give up on a silent answer.
 */
export const WAIT_MS = 25_000;
