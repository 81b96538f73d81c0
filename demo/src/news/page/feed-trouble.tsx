import type { ComponentChildren } from "preact";
import type { FeedStatus } from "../server/wire.ts";
import { exactTime, span, untilText } from "./times.ts";

/** Reports a failing feed: since when, why, and when the next request is due. */
export function FeedTrouble({ status, now }: { status: FeedStatus; now: number }): ComponentChildren {
  const since = Date.parse(status.failingSince ?? "");
  if (Number.isNaN(since)) return null;
  return (
    <p class="trouble" data-testid="trouble">
      <strong>
        Failing for <time title={exactTime(since)}>{span(Math.max(now - since, 1000))}</time>.
      </strong>{" "}
      <span dir="auto">{status.reason}</span> {nextText(status, now)}
    </p>
  );
}

/** The time of the next request, or the interval for a frequently requested feed. */
export function nextText({ nextFetch, intervalMs, failingSince }: FeedStatus, now: number): string {
  if (failingSince === undefined && intervalMs < 60_000) return `Asked every ${span(intervalMs)}.`;
  const next = Date.parse(nextFetch ?? "");
  if (Number.isNaN(next)) return "";
  return `Asked again ${untilText(next, now)}.`;
}
