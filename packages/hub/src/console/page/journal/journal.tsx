import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConsoleApi } from "../api.ts";
import { Field } from "../fields.tsx";
import { consoleTexts } from "../texts.ts";
import { useAsked } from "../use-asked.ts";
import { useRepeated } from "../use-repeated.ts";
import { JournalRow } from "./journal-row.tsx";
import { journalTexts } from "./texts.ts";

export interface JournalProps {
  readonly api: ConsoleApi;
  readonly active: boolean;
  /** Changes with each sample. */
  readonly tick: number;
  /** A topic that was chosen elsewhere. `asked` counts the choices. */
  readonly chosen: { readonly topic: string; readonly asked: number };
  readonly onExplain: (id: string) => void;
  /** Opens a stream that begins after an event id. */
  readonly onPlay: (after: string) => void;
}

const TYPING_MS = 250;

/** The journal's updates from the newest to the oldest, and new ones as they come. */
export function Journal({ api, active, tick, chosen, onExplain, onPlay }: JournalProps): ComponentChildren {
  const [topic, setTopic] = useState(chosen.topic);
  const [type, setType] = useState("");
  const [id, setId] = useState("");
  const [follows, setFollows] = useState(true);
  /** Starts of the earlier pages, the current page last. Empty for the newest. */
  const [pages, setPages] = useState<readonly string[]>([""]);
  const list = useRef<HTMLOListElement>(null);
  const from = pages.at(-1) ?? "";
  const { asked, ask } = useAsked((signal) => api.journal({ from, topic: topic.trim(), type: type.trim() }, signal));
  const { answer, problem } = asked;
  const texts = journalTexts();
  const isTail = follows && from === "";

  useEffect(() => {
    if (!active) return undefined;
    const timer = setTimeout(ask, topic === "" && type === "" ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [active, from, topic, type, ask]);
  useEffect(() => {
    if (chosen.asked === 0) return;
    setTopic(chosen.topic);
    setType("");
    setPages([""]);
  }, [chosen.asked]);
  useRepeated(asked, ask, active && isTail, tick);

  function go(next: readonly string[]): void {
    setPages(next);
    // The old rows disappear, and the keyboard's focus must not.
    list.current?.focus();
  }

  return (
    <section class="pane card" aria-labelledby="journal-list-title">
      <div class="pane-head">
        <h3 id="journal-list-title">{texts.title}</h3>
        <label class="check">
          <input
            type="checkbox"
            data-testid="follow"
            checked={follows}
            onChange={(event) => {
              setFollows(event.currentTarget.checked);
              setPages([""]);
            }}
          />
          {texts.follow}
        </label>
      </div>
      <form
        class="filter"
        data-testid="journal-filter"
        onSubmit={(event) => {
          event.preventDefault();
          go([id.trim()]);
        }}
      >
        <Field
          id="journal-topic"
          label={texts.topic}
          value={topic}
          placeholder={texts.everyTopic}
          half
          onValue={(value) => {
            setTopic(value);
            setPages([""]);
          }}
        />
        <Field
          id="journal-type"
          label={texts.type}
          value={type}
          placeholder={texts.everyType}
          half
          onValue={(value) => {
            setType(value);
            setPages([""]);
          }}
        />
        <Field id="journal-from" label={texts.from} value={id} placeholder={texts.newest} onValue={setId} />
        <button type="submit" class="button quiet">
          {texts.go}
        </button>
      </form>
      <p class="hint">{texts.hint}</p>
      <p class="problem" role="alert">
        {problem?.()}
      </p>
      <ol ref={list} class="waiting" tabIndex={-1} aria-label={texts.title} data-testid="journal" data-tail={isTail}>
        {answer?.updates.map((update) => (
          <JournalRow key={update.after} update={update} onExplain={onExplain} onPlay={onPlay} />
        ))}
      </ol>
      {answer === undefined && problem === undefined && <p class="empty">{consoleTexts().asking}</p>}
      {answer?.updates.length === 0 && <p class="empty">{answer.next === undefined ? texts.none : texts.noneYet}</p>}
      {answer !== undefined && (
        <nav class="pager" aria-label={texts.pages}>
          <button type="button" class="button quiet small" disabled={pages.length === 1} onClick={() => go(pages.slice(0, -1))}>
            {texts.newer}
          </button>
          <button
            type="button"
            class="button quiet small"
            disabled={answer?.next === undefined}
            onClick={() => go([...pages, answer?.next ?? ""])}
          >
            {texts.older}
          </button>
        </nav>
      )}
    </section>
  );
}
