import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { ConsoleApi } from "./api.ts";
import { UpdateLife } from "./update-life.tsx";
import { Scheduled } from "./scheduled.tsx";
import { useAsked } from "./use-asked.ts";
import { consoleTexts } from "./texts.ts";

/** The update, and the subscriber, in question. */
export interface Question {
  readonly id: string;
  readonly subscriber: string;
  /** Counts the questions from elsewhere on the page, which are answered at once. */
  readonly asked: number;
}

interface UpdatesProps {
  readonly api: ConsoleApi;
  readonly active: boolean;
  readonly question: Question;
  readonly onQuestion: (question: Question) => void;
}

/** The life of one update, and the scheduled updates. */
export function Updates({ api, active, question, onQuestion }: UpdatesProps): ComponentChildren {
  const { id, subscriber } = question;
  const { asked, ask } = useAsked(async (signal) => ({
    subscriber: subscriber.trim(),
    update: await api.update(id.trim(), subscriber.trim(), signal),
  }));

  const texts = consoleTexts().updates;

  useEffect(() => {
    if (question.asked > 0 && id !== "") ask();
  }, [question.asked]);

  return (
    <>
      <section class="pane card" aria-labelledby="explain-title">
        <h3 id="explain-title">{texts.title}</h3>
        <p class="hint">{texts.hint}</p>
        <form
          class="explain"
          data-testid="explain"
          onSubmit={(event) => {
            event.preventDefault();
            ask();
          }}
        >
          <div>
            <label for="update-id">{texts.id}</label>
            <input
              id="update-id"
              class="field mono"
              type="text"
              required
              autoComplete="off"
              spellcheck={false}
              placeholder="#a1b2c3d4:42"
              value={id}
              onInput={(event) => onQuestion({ ...question, id: event.currentTarget.value })}
            />
          </div>
          <div>
            <label for="update-subscriber">{texts.subscriber}</label>
            <input
              id="update-subscriber"
              class="field mono"
              type="text"
              autoComplete="off"
              spellcheck={false}
              value={subscriber}
              onInput={(event) => onQuestion({ ...question, subscriber: event.currentTarget.value })}
            />
          </div>
          <button class="button" type="submit">
            {asked.answer === undefined ? texts.explain : texts.again}
          </button>
        </form>
        <p class="problem" role="alert">
          {asked.problem?.()}
        </p>
        <div role="status">{asked.problem === undefined && asked.answer !== undefined && <UpdateLife {...asked.answer} />}</div>
      </section>
      <Scheduled api={api} active={active} />
    </>
  );
}
