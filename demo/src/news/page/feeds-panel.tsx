import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { FeedStatus } from "../server/wire.ts";
import { newsTexts } from "./texts.ts";
import { usePart } from "artesian-ui/use-part.ts";

interface FeedsPanelProps {
  readonly feeds: readonly FeedStatus[];
  readonly now: number;
  readonly onOtherList: () => void;
}

/** The state of all feeds, at the end of the page. */
export function FeedsPanel({ feeds, now, onOtherList }: FeedsPanelProps): ComponentChildren {
  const texts = newsTexts();
  const [isOpen, setOpen] = useState(false);
  const list = usePart(() => import("./feeds/feeds-list.tsx"), isOpen);
  const failing = feeds.filter(({ failingSince }) => failingSince !== undefined).length;
  return (
    <details class="feeds-panel card" data-testid="feeds-panel" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="feeds-count">{texts.feedCount(feeds.length)}</span>
        <span class={failing > 0 ? "feeds-state failing" : "feeds-state"} data-testid="feeds-state">
          {failing > 0 ? texts.failing(failing) : texts.allWell}
        </span>
      </summary>
      {list !== undefined && <list.FeedsList feeds={feeds} now={now} onOtherList={onOtherList} />}
    </details>
  );
}
