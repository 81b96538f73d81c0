import type { ComponentChildren } from "preact";
import { CopyButton } from "artesian-ui/copy-button.tsx";

const LINE = "artesian-demo --feed World=https://example.com/world.rss";

/** Instructions for following a feed. */
export function AddFeed(): ComponentChildren {
  return (
    <div class="add-feed">
      <p>
        Start the server with the addresses of your feeds: RSS, Atom or JSON Feed. Repeat <code>--feed</code> for each; the name before the{" "}
        <code>=</code> is up to you.
      </p>
      <div class="add-line">
        <pre>
          <code data-testid="add-line">{LINE}</code>
        </pre>
        <CopyButton text={LINE} label="Copy the line" />
      </div>
    </div>
  );
}
