import type { ComponentChildren } from "preact";
import type { Section } from "./arrange.ts";
import type { Look } from "./feed-section.tsx";
import { FeedSection } from "./feed-section.tsx";
import { newsTexts } from "./texts.ts";

interface BoardProps {
  readonly sections: readonly Section[];
  readonly look: Look;
  readonly onShow: (feed: string) => void;
  readonly onClear: () => void;
}

/** The feeds side by side. */
export function Board({ sections, look, onShow, onClear }: BoardProps): ComponentChildren {
  const texts = newsTexts();
  const { search } = look;
  const found = sections.reduce((sum, { headlines }) => sum + headlines.length, 0);
  // A feed in the address may be unknown to this server.
  if (sections.length === 0 || (search !== undefined && found === 0)) {
    return (
      <section class="no-match" data-testid="no-match">
        <h2>{sections.length === 0 ? texts.noSuchFeed : texts.noMatch}</h2>
        <p>
          <button type="button" class="button quiet" onClick={onClear}>
            {texts.showAll}
          </button>
        </p>
      </section>
    );
  }
  // During a search, feeds without a match are only in the way.
  const listed = search !== undefined ? sections.filter(({ headlines, held }) => headlines.length + held > 0) : sections;
  return (
    <div class={listed.length === 1 ? "board single" : "board"}>
      {listed.map((section, index) => (
        <FeedSection
          key={section.status.name}
          id={`feed-${index}`}
          section={section}
          alone={listed.length === 1}
          look={look}
          onShow={() => onShow(section.status.name)}
        />
      ))}
    </div>
  );
}
