import type { ComponentChildren } from "preact";
import { AddFeed } from "./add-feed.tsx";
import { feedsTexts } from "./texts.ts";

/** The page of a server that follows no feed. */
export function NoFeeds({ onOtherList }: { onOtherList: () => void }): ComponentChildren {
  return (
    <section class="no-feeds card" data-testid="no-feeds">
      <h2>{feedsTexts().noFeeds}</h2>
      <AddFeed id="add-first" onOtherList={onOtherList} />
    </section>
  );
}
