import type { ComponentChildren } from "preact";
import type { JournalUpdate } from "../../server/wire.ts";
import { UpdateFacts } from "../update-life.tsx";
import { journalTexts } from "./texts.ts";

interface RowProps {
  readonly update: JournalUpdate;
  readonly onExplain: (id: string) => void;
  readonly onPlay: (after: string) => void;
}

/** An update of the journal, without its data. */
export function JournalRow({ update, onExplain, onPlay }: RowProps): ComponentChildren {
  const texts = journalTexts();
  const { id, after } = update;
  return (
    <li data-testid="journal-update" data-update={id}>
      <div>
        <UpdateFacts update={{ ...update, state: "published", counts: {} }} />
        <p class="hint">
          <button type="button" class="link mono" title={texts.explain} onClick={() => onExplain(id)}>
            {id}
          </button>
        </p>
      </div>
      <button type="button" class="button quiet small" aria-label={texts.playLabel(id)} data-testid="play" onClick={() => onPlay(after)}>
        {texts.play}
      </button>
    </li>
  );
}
