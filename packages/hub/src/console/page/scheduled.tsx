import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type ConsoleApi, sentenceOf } from "./api.ts";
import { UpdateFacts } from "./update-life.tsx";
import { useAsked } from "./use-asked.ts";
import { consoleTexts } from "./texts.ts";

/** Longest timer, in milliseconds. A timer of more than 24.8 days would fire at once. */
const LONGEST_MS = 3_600_000;
const COURTESY_MS = 500;

/** The updates that wait for their time. */
export function Scheduled({ api, active }: { api: ConsoleApi; active: boolean }): ComponentChildren {
  const { asked, ask } = useAsked((signal) => api.scheduled(signal));
  const [said, setSaid] = useState<(() => string) | undefined>();
  const texts = consoleTexts().scheduled;
  const { answer, problem } = asked;
  const nextAt = answer?.scheduled[0]?.deliverAt;

  useEffect(() => {
    if (active) ask();
  }, [active, ask]);

  useEffect(() => {
    if (!active || nextAt === undefined) return undefined;
    // The list is refreshed when the next update has gone.
    const timer = setTimeout(ask, Math.min(LONGEST_MS, Math.max(0, nextAt - Date.now()) + COURTESY_MS));
    return () => clearTimeout(timer);
  }, [active, nextAt, answer, ask]);

  async function cancel(id: string): Promise<void> {
    try {
      await api.cancel(id);
      setSaid(() => () => consoleTexts().scheduled.cancelled);
    } catch (error) {
      setSaid(() => () => sentenceOf(error));
    }
    ask();
  }

  return (
    <section class="pane card" aria-labelledby="scheduled-title">
      <div class="pane-head">
        <h3 id="scheduled-title">{texts.title}</h3>
        <button type="button" class="button quiet small" onClick={ask}>
          {texts.again}
        </button>
      </div>
      <p class="said" role="status">
        {problem?.() ?? said?.()}
      </p>
      {answer?.total === 0 && <p class="empty">{texts.none}</p>}
      <ul class="waiting">
        {answer?.scheduled.map((update) => (
          <li key={update.id} data-testid="scheduled" data-update={update.id}>
            <div>
              <UpdateFacts update={update} />
              <p class="hint">
                <code>{update.id}</code>
              </p>
            </div>
            {!api.isReadOnly && (
              <button
                type="button"
                class="button quiet small"
                aria-label={texts.cancelLabel(update.id)}
                onClick={() => void cancel(update.id)}
              >
                {texts.cancel}
              </button>
            )}
          </li>
        ))}
      </ul>
      {answer !== undefined && answer.total > answer.scheduled.length && (
        <p class="hint">{texts.next(answer.scheduled.length, answer.total)}</p>
      )}
    </section>
  );
}
