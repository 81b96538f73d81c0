import type { ComponentChildren } from "preact";
import { searchTexts } from "./texts.ts";

interface NoMatchProps {
  /** Whether the address has a feed that this server does not know. */
  readonly isUnknownFeed: boolean;
  readonly onClear: () => void;
}

/** Stands in place of the board when the filter leaves nothing. */
export function NoMatch({ isUnknownFeed, onClear }: NoMatchProps): ComponentChildren {
  const texts = searchTexts();
  return (
    <section class="no-match" data-testid="no-match">
      <h2>{isUnknownFeed ? texts.noSuchFeed : texts.noMatch}</h2>
      <p>
        <button type="button" class="button quiet" onClick={onClear}>
          {texts.showAll}
        </button>
      </p>
    </section>
  );
}
