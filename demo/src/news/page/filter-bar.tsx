import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { FeedStatus } from "../server/wire.ts";
import type { Filter } from "./arrange.ts";

/**
 * Most feeds with a chip. More feeds are chosen from a list, because chips would fill a phone's
 * screen.
 */
const MAX_CHIPS = 8;

interface FilterBarProps {
  readonly feeds: readonly FeedStatus[];
  readonly filter: Filter;
  readonly onFilter: (change: Partial<Filter>) => void;
  readonly rolling: boolean;
  readonly onRolling: (rolling: boolean) => void;
}

/** Filters the headlines. */
export function FilterBar({ feeds, filter, onFilter, rolling, onRolling }: FilterBarProps): ComponentChildren {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="filter-bar" role="search" aria-label="Headlines">
      <FeedChoice feeds={feeds} chosen={filter.feed} onChoose={(feed) => onFilter({ feed })} />
      <div class="filter-end">
        <div class="filter-text">
          <label class="visually-hidden" for="filter">
            Only headlines with these words
          </label>
          <input
            ref={input}
            id="filter"
            class="field"
            type="text"
            maxLength={100}
            placeholder="Filter by words"
            autoComplete="off"
            spellcheck={false}
            data-testid="filter"
            value={filter.text}
            onInput={(event) => onFilter({ text: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === "Escape") onFilter({ text: "" });
            }}
          />
          {filter.text !== "" && (
            <button
              type="button"
              class="filter-clear"
              aria-label="Clear the words"
              onClick={() => {
                onFilter({ text: "" });
                input.current?.focus();
              }}
            >
              <span aria-hidden="true">×</span>
            </button>
          )}
        </div>
        <button
          type="button"
          class="chip"
          aria-pressed={rolling}
          data-testid="roll-in"
          title="New headlines go straight into the lists, instead of waiting until you ask for them"
          onClick={() => onRolling(!rolling)}
        >
          Show new at once
        </button>
      </div>
    </div>
  );
}

interface FeedChoiceProps {
  readonly feeds: readonly FeedStatus[];
  readonly chosen: string;
  readonly onChoose: (feed: string) => void;
}

function FeedChoice({ feeds, chosen, onChoose }: FeedChoiceProps): ComponentChildren {
  if (feeds.length < 2 && chosen === "") return <span />;
  if (feeds.length > MAX_CHIPS) {
    return (
      <select
        class="field feed-select"
        aria-label="Feed"
        data-testid="feed-choice"
        value={chosen}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        <option value="">All feeds</option>
        {feeds.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    );
  }
  const choices = [{ name: "", title: "All", failingSince: undefined }, ...feeds];
  return (
    <div class="chips" role="group" aria-label="Feed" data-testid="feed-choice">
      {choices.map(({ name, title, failingSince }) => (
        <button key={name} type="button" class="chip" aria-pressed={chosen === name} onClick={() => onChoose(name)}>
          {failingSince !== undefined && <span class="chip-mark" aria-hidden="true" />}
          <span dir="auto">{title}</span>
          {failingSince !== undefined && <span class="visually-hidden"> (failing)</span>}
        </button>
      ))}
    </div>
  );
}
