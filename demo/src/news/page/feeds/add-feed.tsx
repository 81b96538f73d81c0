import type { ComponentChildren } from "preact";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { feedsTexts } from "./texts.ts";

const LINE = "artesian-demo --feed World=https://example.com/world.rss";

/** Instructions for following a feed. */
export function AddFeed(): ComponentChildren {
  const texts = feedsTexts();
  return (
    <div class="add-feed">
      <p>{texts.howTo}</p>
      <div class="add-line">
        <pre>
          <code data-testid="add-line">{LINE}</code>
        </pre>
        <CopyButton text={LINE} label={texts.copyLine} />
      </div>
    </div>
  );
}
