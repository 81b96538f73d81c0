import type { ComponentChildren } from "preact";
import { FATES, type KnownUpdate, type UpdateAnswer, type WaitingUpdate } from "../server/wire.ts";
import { FATE_TEXTS, NOT_CONNECTED } from "./fate-texts.ts";
import { count, dayAndClock, milliseconds, plural } from "./format.ts";

/** The fate of an update, for one subscriber if one was given, and for all. */
export function UpdateLife({ update, subscriber }: { update: UpdateAnswer; subscriber: string }): ComponentChildren {
  return (
    <div class="life" data-testid="life">
      <UpdateFacts update={update} />
      {update.state === "scheduled" ? (
        <p class="verdict">
          <b>Still waiting</b> It is delivered at {dayAndClock(update.deliverAt)}; nobody has it before.
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
  if (fate === undefined) {
    return (
      <p class="verdict" data-testid="verdict" data-fate="unknown">
        <b>Not connected</b> {NOT_CONNECTED}
      </p>
    );
  }
  return (
    <p class="verdict" data-testid="verdict" data-fate={fate}>
      <b>{FATE_TEXTS[fate].short}</b> {FATE_TEXTS[fate].sentence}
    </p>
  );
}

/** How many subscribers have each fate. */
function Counts({ update: { counts } }: { update: KnownUpdate }): ComponentChildren {
  const present = FATES.flatMap((fate) => (counts[fate] === undefined ? [] : [{ fate, number: counts[fate] }]));
  const total = present.reduce((sum, { number }) => sum + number, 0);
  if (total === 0) return <p class="empty">Nobody is connected now. Whoever resumes from before it gets it.</p>;
  return (
    <>
      <h4>For the {plural(total, "subscriber", "subscribers")} that are connected now</h4>
      <ul class="fates">
        {present.map(({ fate, number }) => (
          <li key={fate} data-testid="fate" data-fate={fate} data-count={number}>
            <p>
              <b>{FATE_TEXTS[fate].short}</b>
              <span>{count(number)}</span>
            </p>
            <progress max={total} value={number} aria-label={`${FATE_TEXTS[fate].short}: ${number} of ${total}`} />
            <p class="hint">{FATE_TEXTS[fate].sentence}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The facts of the update itself, without its data, which may be private. */
export function UpdateFacts({ update }: { update: KnownUpdate | WaitingUpdate }): ComponentChildren {
  const { topics, type, size, ttlMs } = update;
  const facts = [
    update.state === "published" ? `published ${dayAndClock(update.at)}` : `due ${dayAndClock(update.deliverAt)}`,
    type !== undefined && `type ${type}`,
    plural(size, "character", "characters"),
    update.private && "private",
    ttlMs !== undefined &&
      `lives ${milliseconds(ttlMs)}${update.state === "published" ? (update.isExpired ? ", which are over" : ", which are not over") : ""}`,
  ];
  return (
    <div class="update-facts">
      <p class="chips">
        {topics.map((topic) => (
          <span class="chip" key={topic}>
            <code>{topic}</code>
          </span>
        ))}
      </p>
      <p class="hint">{facts.filter(Boolean).join(" · ")}</p>
    </div>
  );
}
