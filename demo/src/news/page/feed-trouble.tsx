import type { ComponentChildren } from "preact";
import type { FeedStatus } from "../server/wire.ts";
import { newsTexts } from "./texts.ts";
import { exactTime, span, untilText } from "./times.ts";

/** Reports a failing feed: since when, why, and when the next request is due. */
export function FeedTrouble({ status, now }: { status: FeedStatus; now: number }): ComponentChildren {
  const since = Date.parse(status.failingSince ?? "");
  if (Number.isNaN(since)) return null;
  const { failingFor, failures } = newsTexts();
  const { code, status: answered = 0 } = status.failure ?? { code: "other" };
  return (
    <p class="trouble" data-testid="trouble">
      <strong title={exactTime(since)}>{failingFor(span(Math.max(now - since, 1000)))}</strong>{" "}
      <span dir="auto">{failures[code](status.address, answered)}</span> {nextText(status, now)}
    </p>
  );
}

/** The time of the next request, or the interval for a frequently requested feed. */
export function nextText({ nextFetch, intervalMs, failingSince }: FeedStatus, now: number): string {
  if (failingSince === undefined && intervalMs < 60_000) return newsTexts().askedEvery(span(intervalMs));
  const next = Date.parse(nextFetch ?? "");
  return Number.isNaN(next) ? "" : newsTexts().askedAgain(untilText(next, now));
}
