import { ClientError, publish, type UpdateInput } from "artesian-client";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { sentenceOf } from "../api.ts";
import { Field, NumberField } from "../fields.tsx";
import { byHandTexts } from "./texts.ts";
import { Words } from "../words.tsx";

/** The type of an update that names none. */
const DEFAULT_TYPE = "message";

interface PublishProps {
  readonly token: string | undefined;
  readonly onExplain: (id: string) => void;
}

type Outcome = { readonly id: string; readonly later: boolean } | { readonly error: unknown; readonly isPublisherMissing: boolean };

/** Publishes one update, with the request that every publisher makes. */
export function PublishForm({ token, onExplain }: PublishProps): ComponentChildren {
  const [topic, setTopic] = useState("greeting");
  const [data, setData] = useState("Hello, world!");
  const [type, setType] = useState("");
  const [id, setId] = useState("");
  const [delay, setDelay] = useState("");
  const [ttl, setTtl] = useState("");
  const [isPrivate, setPrivate] = useState(false);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | undefined>();

  async function send(event: Event): Promise<void> {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const update: UpdateInput = {
      topic,
      data,
      private: isPrivate,
      ...(type !== "" && { type }),
      ...(id !== "" && { id }),
      ...(delay !== "" && { delayMs: Number(delay) }),
      ...(ttl !== "" && { ttlMs: Number(ttl) }),
    };
    try {
      setOutcome({ id: await publish("/events/stream", update, { token, timeoutMs: 15_000 }), later: delay !== "" && delay !== "0" });
    } catch (error) {
      setOutcome({ error, isPublisherMissing: token !== undefined && error instanceof ClientError && error.status === 403 });
    } finally {
      setBusy(false);
    }
  }

  const texts = byHandTexts().publish;
  return (
    <section class="pane card" aria-labelledby="publish-title">
      <h3 id="publish-title">{texts.title}</h3>
      <form class="by-hand" data-testid="publish" onSubmit={(event) => void send(event)}>
        <Field id="publish-topic" label={texts.topic} value={topic} onValue={setTopic} required />
        <div class="wide">
          <label for="publish-data">{texts.data}</label>
          <textarea id="publish-data" class="field mono" rows={4} value={data} onInput={(event) => setData(event.currentTarget.value)} />
        </div>
        <Field id="publish-type" label={texts.type} value={type} onValue={setType} placeholder={DEFAULT_TYPE} half />
        <Field id="publish-id" label={texts.id} value={id} onValue={setId} placeholder={texts.idHint} half />
        <NumberField id="publish-delay" label={texts.delay} value={delay} onValue={setDelay} placeholder={texts.atOnce} />
        <NumberField id="publish-ttl" label={texts.ttl} value={ttl} onValue={setTtl} placeholder={texts.noEnd} />
        <label class="check wide">
          <input type="checkbox" checked={isPrivate} onChange={(event) => setPrivate(event.currentTarget.checked)} />
          {texts.private}
        </label>
        <div class="wide form-tools">
          <button class="button" type="submit">
            {texts.send}
          </button>
        </div>
      </form>
      <div class="outcome" role="status" data-testid="published">
        {outcome !== undefined && <Answer outcome={outcome} onExplain={onExplain} />}
      </div>
    </section>
  );
}

function Answer({ outcome, onExplain }: { outcome: Outcome; onExplain: (id: string) => void }): ComponentChildren {
  const texts = byHandTexts().publish;
  if ("error" in outcome) {
    return (
      <p class="problem">
        {sentenceOf(outcome.error)} {outcome.isPublisherMissing && <Words text={texts.notPublisher} />}
      </p>
    );
  }
  return (
    <>
      <p>
        {outcome.later ? texts.kept : texts.stored}
        <code data-testid="published-id">{outcome.id}</code>
      </p>
      <div class="form-tools">
        <button type="button" class="button quiet small" data-testid="what-became" onClick={() => onExplain(outcome.id)}>
          {texts.whatBecame}
        </button>
        <CopyButton text={outcome.id} label={texts.copyId} />
      </div>
    </>
  );
}
