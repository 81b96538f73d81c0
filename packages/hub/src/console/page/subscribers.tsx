import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { SEARCH_LENGTH } from "../server/wire.ts";
import { type ConsoleApi, sentenceOf } from "./api.ts";
import { count } from "./format.ts";
import { SubscriberRow } from "./subscriber-row.tsx";
import { useAsked } from "./use-asked.ts";
import { consoleTexts } from "./texts.ts";

const TYPING_MS = 250;
const LEAST_MS = 1500;

interface SubscribersProps {
  readonly api: ConsoleApi;
  readonly active: boolean;
  /** Changes with each sample. The list is then requested again, without its own clock. */
  readonly tick: number;
  readonly onExplain: (subscriber: string) => void;
}

/** Finds and closes subscribers. */
export function Subscribers({ api, active, tick, onExplain }: SubscribersProps): ComponentChildren {
  const [search, setSearch] = useState("");
  const [behind, setBehind] = useState(false);
  /** Starts of the earlier pages, the current page last. */
  const [pages, setPages] = useState<readonly (string | undefined)[]>([undefined]);
  const [closing, setClosing] = useState<string | undefined>();
  const [said, setSaid] = useState<{ text: () => string; bad: boolean } | undefined>();
  const list = useRef<HTMLUListElement>(null);
  const after = pages.at(-1);
  const { asked, ask } = useAsked((signal) => api.subscribers({ search, behind, after }, signal));
  const { answer, problem, busy, tookMs, cameAt } = asked;

  useEffect(() => {
    if (!active) return undefined;
    const timer = setTimeout(ask, search === "" ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [active, search, behind, after, ask]);

  useEffect(() => {
    // The list stands still while the user decides. A list that was costly to make is made less
    // often.
    if (!active || busy || closing !== undefined) return;
    if (performance.now() - cameAt > Math.max(LEAST_MS, tookMs * 20)) ask();
  }, [tick]);

  function restart(): void {
    setPages([undefined]);
    setClosing(undefined);
  }

  async function close(id: string): Promise<void> {
    try {
      await api.disconnect(id);
      setSaid({ text: () => consoleTexts().subscribers.closed, bad: false });
    } catch (error) {
      setSaid({ text: () => sentenceOf(error), bad: true });
    }
    setClosing(undefined);
    // The row disappears, and the keyboard's focus must not.
    list.current?.focus();
    ask();
  }

  const texts = consoleTexts().subscribers;
  return (
    <>
      <search class="view-tools">
        <div class="grow">
          <label for="search">{texts.search}</label>
          <input
            id="search"
            class="field"
            type="search"
            autoComplete="off"
            maxLength={SEARCH_LENGTH}
            placeholder={texts.searchHint}
            data-testid="search"
            value={search}
            onInput={(event) => {
              setSearch(event.currentTarget.value);
              restart();
            }}
          />
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={behind}
            onChange={(event) => {
              setBehind(event.currentTarget.checked);
              restart();
            }}
          />
          {texts.onlyBehind}
        </label>
      </search>
      <p class="count" role="status" data-testid="matched">
        {answer === undefined
          ? consoleTexts().asking
          : answer.matched === answer.total
            ? texts.all(answer.total, count(answer.total))
            : texts.some(answer.matched, count(answer.matched), count(answer.total))}
      </p>
      <p class={said?.bad === true || problem !== undefined ? "said bad" : "said"} role="status" data-testid="said">
        {problem?.() ?? said?.text()}
      </p>
      <ul ref={list} class="rows" tabIndex={-1} aria-label={consoleTexts().views.subscribers} data-testid="subscribers">
        {answer?.subscribers.map((subscriber) => (
          <SubscriberRow
            key={subscriber.id}
            subscriber={subscriber}
            isClosing={closing === subscriber.id}
            mayClose={!api.isReadOnly}
            onAskClose={(asks) => {
              setSaid(undefined);
              setClosing(asks ? subscriber.id : undefined);
            }}
            onClose={() => void close(subscriber.id)}
            onExplain={() => onExplain(subscriber.id)}
          />
        ))}
      </ul>
      {answer?.subscribers.length === 0 && <p class="empty">{answer.total === 0 ? texts.nobody : texts.noMatch}</p>}
      {(pages.length > 1 || answer?.next !== undefined) && (
        <nav class="pager" aria-label={texts.pages}>
          <button type="button" class="button quiet small" disabled={pages.length === 1} onClick={() => setPages(pages.slice(0, -1))}>
            {texts.back}
          </button>
          <span>{texts.page(pages.length)}</span>
          <button
            type="button"
            class="button quiet small"
            disabled={answer?.next === undefined}
            onClick={() => setPages([...pages, answer?.next])}
          >
            {texts.next}
          </button>
        </nav>
      )}
    </>
  );
}
