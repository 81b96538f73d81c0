import type { ComponentChildren } from "preact";
import { FATES, type KnownUpdate, type UpdateAnswer, type WaitingUpdate } from "../server/wire.ts";
import { count, dayAndClock, milliseconds, readable } from "./format.ts";
import { consoleTexts } from "./texts.ts";

/** The fate of an update, for one subscriber if one was given, and for all. */
export function UpdateLife({ update, subscriber }: { update: UpdateAnswer; subscriber: string }): ComponentChildren {
  const texts = consoleTexts().updates;
  return (
    <div class="life" data-testid="life">
      <UpdateFacts update={update} />
      {update.state === "scheduled" ? (
        <p class="verdict">
          <b>{texts.stillWaiting}</b> {texts.delivers(dayAndClock(update.deliverAt))}
        </p>
      ) : (
        <>
          {subscriber !== "" && <Verdict update={update} />}
          <Counts update={update} />
        </>
      )}
    </div>
  );
}

function Verdict({ update: { fate } }: { update: KnownUpdate }): ComponentChildren {
  const { fates, updates } = consoleTexts();
  if (fate === undefined) {
    return (
      <p class="verdict" data-testid="verdict" data-fate="unknown">
        <b>{updates.notConnected}</b> {updates.notConnectedSentence}
      </p>
    );
  }
  return (
    <p class="verdict" data-testid="verdict" data-fate={fate}>
      <b>{fates[fate].short}</b> {fates[fate].sentence}
    </p>
  );
}

/** How many subscribers have each fate. */
function Counts({ update: { counts } }: { update: KnownUpdate }): ComponentChildren {
  const { fates, updates } = consoleTexts();
  const present = FATES.flatMap((fate) => (counts[fate] === undefined ? [] : [{ fate, number: counts[fate] }]));
  const total = present.reduce((sum, { number }) => sum + number, 0);
  if (total === 0) return <p class="empty">{updates.nobody}</p>;
  return (
    <>
      <h4>{updates.countsTitle(total, count(total))}</h4>
      <ul class="fates">
        {present.map(({ fate, number }) => (
          <li key={fate} data-testid="fate" data-fate={fate} data-count={number}>
            <p>
              <b>{fates[fate].short}</b>
              <span>{count(number)}</span>
            </p>
            <progress max={total} value={number} aria-label={updates.ofAll(fates[fate].short, number, total)} />
            <p class="hint">{fates[fate].sentence}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The facts of the update itself, without its data, which may be private. */
export function UpdateFacts({ update }: { update: KnownUpdate | WaitingUpdate }): ComponentChildren {
  const { topics, type, size, ttlMs } = update;
  const texts = consoleTexts().updates;
  const lives = update.state === "scheduled" ? texts.lives : update.isExpired ? texts.livedUntil : texts.livesStill;
  const facts = [
    update.state === "published" ? texts.published(dayAndClock(update.at)) : texts.due(dayAndClock(update.deliverAt)),
    type !== undefined && texts.type(type),
    texts.characters(size, count(size)),
    update.private && texts.private,
    ttlMs !== undefined && lives(milliseconds(ttlMs)),
  ];
  return (
    <div class="update-facts">
      <p class="chips">
        {topics.map((topic) => (
          <span class="chip" key={topic}>
            <code title={topic}>{readable(topic)}</code>
          </span>
        ))}
      </p>
      <p class="hint">{facts.filter(Boolean).join(" · ")}</p>
    </div>
  );
}
