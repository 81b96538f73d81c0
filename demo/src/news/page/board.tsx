import type { ComponentChildren } from "preact";
import type { Section } from "./arrange.ts";
import type { Look } from "./feed-section.tsx";
import { FeedSection } from "./feed-section.tsx";

interface BoardProps {
  readonly sections: readonly Section[];
  readonly look: Look;
  readonly onShow: (feed: string) => void;
}

/** The feeds side by side. */
export function Board({ sections, look, onShow }: BoardProps): ComponentChildren {
  const { search } = look;
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
