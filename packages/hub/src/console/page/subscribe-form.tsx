import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { Field, NumberField } from "./fields.tsx";
import { count } from "./format.ts";
import { RawLog } from "./raw-log.tsx";
import { RawStream, type RawView } from "./raw-stream.ts";
import { consoleTexts } from "./texts.ts";

const NOTHING: RawView = { state: "closed", problem: undefined, entries: [], updates: 0 };

interface SubscribeProps {
  readonly token: string | undefined;
  readonly onExplain: (id: string) => void;
}

/** Opens a stream, and shows all of its entries. */
export function SubscribeForm({ token, onExplain }: SubscribeProps): ComponentChildren {
  const [match, setMatch] = useState("greeting");
  const [patterns, setPatterns] = useState("");
  const [interval, setInterval] = useState("");
  const [last, setLast] = useState("");
  const [latest, setLatest] = useState(false);
  const [lastEventId, setLastEventId] = useState("");
  const [view, setView] = useState<RawView>(NOTHING);
  const stream = useRef<RawStream | undefined>(undefined);
  useEffect(() => () => stream.current?.close(), []);

  const texts = consoleTexts().subscribe;
  const url = urlOf({ match, patterns, interval, last, latest });
  const isRunning = view.state !== "closed" && view.state !== "refused";
  const header = token === undefined ? "" : ' -H "Authorization: Bearer $TOKEN"';
  const curl = `curl -N${header} '${quoted(location.origin + withCursor(url, lastEventId))}'`;

  function toggle(event: Event): void {
    event.preventDefault();
    stream.current?.close();
    stream.current = undefined;
    if (!isRunning) stream.current = new RawStream({ url, token, lastEventId: lastEventId.trim(), onView: setView });
  }

  return (
    <section class="pane card" aria-labelledby="subscribe-title">
      <div class="pane-head">
        <h3 id="subscribe-title">{texts.title}</h3>
        <span class="badge" data-testid="raw-state" data-state={badgeOf(view.state)} data-raw={view.state}>
          <span role="status">{texts.states[view.state]}</span>
        </span>
      </div>
      <form class="by-hand" data-testid="subscribe" onSubmit={toggle}>
        <Lines id="subscribe-match" label={texts.topics} hint="match" value={match} onValue={setMatch} disabled={isRunning} />
        <Lines
          id="subscribe-patterns"
          label={texts.patterns}
          hint="match_urlpattern"
          value={patterns}
          onValue={setPatterns}
          disabled={isRunning}
        />
        <NumberField
          id="subscribe-interval"
          label={texts.interval}
          value={interval}
          onValue={setInterval}
          placeholder={consoleTexts().publish.atOnce}
          disabled={isRunning}
        />
        <NumberField
          id="subscribe-last"
          label={texts.beginWith}
          unit={texts.lastUpdates}
          value={last}
          onValue={setLast}
          placeholder="0"
          disabled={isRunning}
        />
        <Field
          id="subscribe-cursor"
          label={texts.cursor}
          placeholder={texts.cursorHint}
          value={lastEventId}
          onValue={setLastEventId}
          disabled={isRunning}
        />
        <label class="check wide">
          <input type="checkbox" checked={latest} disabled={isRunning} onChange={(event) => setLatest(event.currentTarget.checked)} />
          {texts.latest}
        </label>
        <div class="wide form-tools">
          <button class={isRunning ? "button quiet" : "button"} type="submit" data-testid="toggle-stream">
            {isRunning ? texts.close : texts.open}
          </button>
          <CopyButton text={curl} label={texts.curl}>
            {texts.curl}
          </CopyButton>
        </div>
      </form>
      <p class="problem" role="alert">
        {view.problem?.()}
      </p>
      <p class="count" data-testid="raw-count">
        {texts.since(view.updates, count(view.updates))}
      </p>
      <RawLog entries={view.entries} onExplain={onExplain} />
    </section>
  );
}

interface LinesProps {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly disabled: boolean;
}

/** Several matchers, one in each line. */
function Lines({ id, label, hint, value, onValue, disabled }: LinesProps): ComponentChildren {
  return (
    <div class="half">
      <label for={id}>
        {label} <small>{consoleTexts().subscribe.oneALine}</small>
      </label>
      <textarea
        id={id}
        class="field mono"
        rows={2}
        spellcheck={false}
        autoCapitalize="off"
        placeholder={hint === "match" ? consoleTexts().subscribe.everyTopic : "/books/:id"}
        value={value}
        disabled={disabled}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </div>
  );
}

function urlOf(form: { match: string; patterns: string; interval: string; last: string; latest: boolean }): string {
  const params = new URLSearchParams();
  for (const topic of linesOf(form.match)) params.append("match", topic);
  for (const pattern of linesOf(form.patterns)) params.append("match_urlpattern", pattern);
  if (form.interval !== "") params.set("interval", form.interval);
  if (form.last !== "") params.set("last", form.last);
  if (form.latest) params.set("latest", "on");
  const query = params.toString();
  return query === "" ? "/events/stream" : `/events/stream?${query}`;
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

function withCursor(url: string, lastEventId: string): string {
  const cursor = lastEventId.trim();
  return cursor === "" ? url : `${url}${url.includes("?") ? "&" : "?"}${new URLSearchParams({ last_event_id: cursor })}`;
}

/** Quotes a text for a shell, in single quotes. */
function quoted(text: string): string {
  return text.replaceAll("'", "%27");
}

/** The colours of the page's own badge. */
function badgeOf(state: RawView["state"]): string {
  if (state === "open") return "live";
  return state === "opening" ? "connecting" : state;
}
