import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { FeedStatus } from "../../server/wire.ts";
import { FeedTrouble, nextText } from "../trouble/feed-trouble.tsx";
import { newsTexts } from "../texts.ts";
import { ageText } from "../times.ts";
import { AddFeed, problemText } from "./add-feed.tsx";
import { type FeedsProblem, removeFeed } from "./feeds-api.ts";
import { feedsTexts } from "./texts.ts";

interface FeedsListProps {
  readonly feeds: readonly FeedStatus[];
  readonly now: number;
  readonly onOtherList: () => void;
}

/** The state of each feed, and the way to another feed. */
export function FeedsList({ feeds, now, onOtherList }: FeedsListProps): ComponentChildren {
  const texts = feedsTexts();
  const [problem, setProblem] = useState<FeedsProblem>();
  const list = useRef<HTMLUListElement>(null);

  async function remove(name: string): Promise<void> {
    const failure = await removeFeed(name);
    setProblem(failure);
    if (failure !== undefined) return;
    // The button goes, and the keyboard's focus must not.
    list.current?.focus();
    onOtherList();
  }

  return (
    <>
      <ul ref={list} class="feeds-list" tabIndex={-1}>
        {feeds.map((status) => (
          <li key={status.name} data-testid="feed-status" data-feed={status.name}>
            <p class="feeds-name">
              <b dir="auto">{status.title}</b> {status.title !== status.name && <code>{status.name}</code>}
              {status.removable && (
                <button
                  type="button"
                  class="button quiet small"
                  aria-label={texts.removeOf(status.title)}
                  data-testid="remove-feed"
                  onClick={() => void remove(status.name)}
                >
                  {texts.remove}
                </button>
              )}
            </p>
            {status.failingSince === undefined ? <Well status={status} now={now} /> : <FeedTrouble status={status} now={now} />}
          </li>
        ))}
      </ul>
      <p role="status">{problem !== undefined && problemText(problem)}</p>
      <AddFeed id="add-to-list" onOtherList={onOtherList} />
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
      {items === undefined ? texts.read(when) : texts.readWith(when, items)}
      {newsTexts().gap()}
      {nextText(status, now)}
    </p>
  );
}
