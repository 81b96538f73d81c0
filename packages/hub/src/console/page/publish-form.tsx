import { ClientError, publish, type UpdateInput } from "artesian-client";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { sentenceOf } from "./api.ts";
import { Field, NumberField } from "./fields.tsx";

interface PublishProps {
  readonly token: string | undefined;
  readonly onExplain: (id: string) => void;
}

type Outcome = { readonly id: string; readonly later: boolean } | { readonly problem: string; readonly hint: string | undefined };

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
      setOutcome({ problem: sentenceOf(error), hint: hintFor(error, token) });
    } finally {
      setBusy(false);
    }
  }

  return (
    <section class="pane card" aria-labelledby="publish-title">
      <h3 id="publish-title">Publish</h3>
      <form class="by-hand" data-testid="publish" onSubmit={(event) => void send(event)}>
        <Field id="publish-topic" label="Topic" value={topic} onValue={setTopic} required />
        <div class="wide">
          <label for="publish-data">Data</label>
          <textarea id="publish-data" class="field mono" rows={4} value={data} onInput={(event) => setData(event.currentTarget.value)} />
        </div>
        <Field id="publish-type" label="Type" value={type} onValue={setType} placeholder="message" half />
        <Field id="publish-id" label="Event id" value={id} onValue={setId} placeholder="the hub makes one" half />
        <NumberField id="publish-delay" label="Delay" value={delay} onValue={setDelay} placeholder="at once" />
        <NumberField id="publish-ttl" label="Time to live" value={ttl} onValue={setTtl} placeholder="no end" />
        <label class="check wide">
          <input type="checkbox" checked={isPrivate} onChange={(event) => setPrivate(event.currentTarget.checked)} />
          Private: only for tokens that grant the topic
        </label>
        <div class="wide form-tools">
          <button class="button" type="submit">
            Publish
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
  if ("problem" in outcome) {
    return (
      <p class="problem">
        {outcome.problem} {outcome.hint}
      </p>
    );
  }
  return (
    <>
      <p>
        {outcome.later ? "Taken, and kept for its time. Its event id: " : "In the journal. Its event id: "}
        <code data-testid="published-id">{outcome.id}</code>
      </p>
      <div class="form-tools">
        <button type="button" class="button quiet small" data-testid="what-became" onClick={() => onExplain(outcome.id)}>
          What became of it
        </button>
        <CopyButton text={outcome.id} label="Copy the event id" />
      </div>
    </>
  );
}

function hintFor(error: unknown, token: string | undefined): string | undefined {
  if (token === undefined || !(error instanceof ClientError) || error.status !== 403) return undefined;
  return "Administering is not publishing: make a token for both with artesian token mint --admin --publish '*'.";
}
