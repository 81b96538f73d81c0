import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { FeedStatus } from "../server/wire.ts";
import type { Filter } from "./arrange.ts";
import { newsTexts } from "./texts.ts";

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
  readonly onKeys: () => void;
}

/** Filters the headlines. */
export function FilterBar({ feeds, filter, onFilter, rolling, onRolling, onKeys }: FilterBarProps): ComponentChildren {
  const texts = newsTexts();
  // Chinese is composed of Latin letters, which are nothing to search for.
  const [composed, setComposed] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="filter-bar" role="search" aria-label={texts.headlines}>
      <FeedChoice feeds={feeds} chosen={filter.feed} onChoose={(feed) => onFilter({ feed })} />
      <div class="filter-end">
        <div class="filter-text">
          <label class="visually-hidden" for="filter">
            {texts.filterLabel}
          </label>
          <input
            ref={input}
            id="filter"
            class="field"
            type="text"
            maxLength={100}
            placeholder={texts.filterHint}
            autoComplete="off"
            spellcheck={false}
            data-testid="filter"
            value={composed ?? filter.text}
            onInput={(event) => {
              const text = event.currentTarget.value;
              setComposed(event.isComposing ? text : undefined);
              if (!event.isComposing) onFilter({ text });
            }}
            onCompositionEnd={(event) => {
              setComposed(undefined);
              onFilter({ text: event.currentTarget.value });
            }}
            onKeyDown={(event) => {
              if (event.key === "Escape" && !event.isComposing) onFilter({ text: "" });
            }}
          />
          {filter.text !== "" && (
            <button
              type="button"
              class="filter-clear"
              aria-label={texts.clearWords}
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
          title={texts.rollInHint}
          onClick={() => onRolling(!rolling)}
        >
          {texts.rollIn}
        </button>
        <button type="button" class="chip keys-button" aria-label={texts.keys} title={texts.keys} data-testid="keys" onClick={onKeys}>
          ?
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
  const texts = newsTexts();
  if (feeds.length < 2 && chosen === "") return <span />;
  if (feeds.length > MAX_CHIPS) {
    return (
      <select
        class="field feed-select"
        aria-label={texts.feed}
        data-testid="feed-choice"
        value={chosen}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        <option value="">{texts.allFeeds}</option>
        {feeds.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    );
  }
  const choices = [{ name: "", title: texts.all, failingSince: undefined }, ...feeds];
  return (
    <div class="chips" role="group" aria-label={texts.feed} data-testid="feed-choice">
      {choices.map(({ name, title, failingSince }) => (
        <button key={name} type="button" class="chip" aria-pressed={chosen === name} onClick={() => onChoose(name)}>
          {failingSince !== undefined && <span class="chip-mark" aria-hidden="true" />}
          <span dir="auto">{title}</span>
          {failingSince !== undefined && <span class="visually-hidden">{texts.isFailing}</span>}
        </button>
      ))}
    </div>
  );
}
