import type { ComponentChildren } from "preact";
import type { FeedStatus } from "../server/wire.ts";
import { AddFeed } from "./add-feed.tsx";
import { FeedTrouble, nextText } from "./feed-trouble.tsx";
import { ageText } from "./times.ts";

/** The state of all feeds, at the end of the page. */
export function FeedsPanel({ feeds, now }: { feeds: readonly FeedStatus[]; now: number }): ComponentChildren {
  const failing = feeds.filter(({ failingSince }) => failingSince !== undefined).length;
  return (
    <details class="feeds-panel card" data-testid="feeds-panel">
      <summary>
        <span class="feeds-count">
          {feeds.length} {feeds.length === 1 ? "feed" : "feeds"}
        </span>
        <span class={failing > 0 ? "feeds-state failing" : "feeds-state"} data-testid="feeds-state">
          {failing > 0 ? `${failing} failing` : "all well"}
        </span>
      </summary>
      <ul class="feeds-list">
        {feeds.map((status) => (
          <li key={status.name} data-testid="feed-status" data-feed={status.name}>
            <p class="feeds-name">
              <b dir="auto">{status.title}</b> {status.title !== status.name && <code>{status.name}</code>}
            </p>
            {status.failingSince === undefined ? <Well status={status} now={now} /> : <FeedTrouble status={status} now={now} />}
          </li>
        ))}
      </ul>
      <AddFeed />
    </details>
  );
}

function Well({ status, now }: { status: FeedStatus; now: number }): ComponentChildren {
  const { lastFetch, items } = status;
  if (lastFetch === undefined) return <p class="feeds-well">It is being fetched for the first time.</p>;
  return (
    <p class="feeds-well">
      Read {ageText(Date.parse(lastFetch), now)}
      {items !== undefined && `, ${items} ${items === 1 ? "item" : "items"}`}. {nextText(status, now)}
    </p>
  );
}
