import type { ComponentChildren } from "preact";
import type { FeedStatus } from "../../server/wire.ts";
import { FeedTrouble, nextText } from "../feed-trouble.tsx";
import { ageText } from "../times.ts";
import { AddFeed } from "./add-feed.tsx";
import { feedsTexts } from "./texts.ts";

/** The state of each feed, and the way to another one. */
export function FeedsList({ feeds, now }: { feeds: readonly FeedStatus[]; now: number }): ComponentChildren {
  return (
    <>
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
    </>
  );
}

function Well({ status, now }: { status: FeedStatus; now: number }): ComponentChildren {
  const texts = feedsTexts();
  const { lastFetch, items } = status;
  if (lastFetch === undefined) return <p class="feeds-well">{texts.firstFetch}</p>;
  const when = ageText(Date.parse(lastFetch), now);
  return (
    <p class="feeds-well">
      {items === undefined ? texts.read(when) : texts.readWith(when, items)} {nextText(status, now)}
    </p>
  );
}
