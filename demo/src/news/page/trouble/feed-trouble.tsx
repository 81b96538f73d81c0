import type { ComponentChildren } from "preact";
import type { FeedStatus } from "../../server/wire.ts";
import { newsTexts } from "../texts.ts";
import { exactTime, span } from "../times.ts";
import { troubleTexts } from "./texts.ts";
import { untilText } from "./until-text.ts";

/** Reports a failing feed: since when, why, and when the next request is due. */
export function FeedTrouble({ status, now }: { status: FeedStatus; now: number }): ComponentChildren {
  const since = Date.parse(status.failingSince ?? "");
  if (Number.isNaN(since)) return null;
  const { failingFor, failures } = troubleTexts();
  const { gap } = newsTexts();
  const { code, status: answered = 0 } = status.failure ?? { code: "other" };
  // Another version of the server may have other reasons.
  const reason = failures[Object.hasOwn(failures, code) ? code : "other"];
  return (
    <p class="trouble" data-testid="trouble">
      <strong title={exactTime(since)}>{failingFor(span(Math.max(now - since, 1000)))}</strong>
      {gap()}
      <span dir="auto">{reason(status.address, answered)}</span>
      {gap()}
      {nextText(status, now)}
    </p>
  );
}

/** The time of the next request, or the interval for a frequently requested feed. */
export function nextText({ nextFetch, intervalMs, failingSince }: FeedStatus, now: number): string {
  const { askedEvery, askedAgain } = troubleTexts();
  if (failingSince === undefined && intervalMs < 60_000) return askedEvery(span(intervalMs));
  const next = Date.parse(nextFetch ?? "");
  return Number.isNaN(next) ? "" : askedAgain(untilText(next, now));
}
