import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { ConsoleApi } from "./api.ts";
import { UpdateLife } from "./update-life.tsx";
import { Scheduled } from "./scheduled.tsx";
import { useAsked } from "./use-asked.ts";

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

  useEffect(() => {
    if (question.asked > 0 && id !== "") ask();
  }, [question.asked]);

  return (
    <>
      <section class="pane card" aria-labelledby="explain-title">
        <h3 id="explain-title">What became of it</h3>
        <p class="hint">
          Why did this subscriber not get it? Give the update's event id, as its publisher was answered, and, from the list of subscribers,
          the one that misses it.
        </p>
        <form
          class="explain"
          data-testid="explain"
          onSubmit={(event) => {
            event.preventDefault();
            ask();
          }}
        >
          <div>
            <label for="update-id">Event id</label>
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
            <label for="update-subscriber">Subscriber's id, if one is of interest</label>
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
            {asked.answer === undefined ? "Explain" : "Ask again"}
          </button>
        </form>
        <p class="problem" role="alert">
          {asked.problem}
        </p>
        <div role="status">{asked.problem === undefined && asked.answer !== undefined && <UpdateLife {...asked.answer} />}</div>
      </section>
      <Scheduled api={api} active={active} />
    </>
  );
}
