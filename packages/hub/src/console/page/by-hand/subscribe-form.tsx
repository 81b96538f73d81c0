import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { Field, NumberField } from "../fields.tsx";
import { count } from "../format.ts";
import { EXAMPLE_PATTERN, Lines } from "../lines.tsx";
import { RawLog } from "./raw-log.tsx";
import { RawStream, type RawView } from "./raw-stream.ts";
import { byHandTexts } from "./texts.ts";

const NOTHING: RawView = { state: "closed", problem: undefined, entries: [], updates: 0 };

interface SubscribeProps {
  readonly token: string | undefined;
  readonly onExplain: (id: string) => void;
  readonly play: Play;
}

/** An event id to play from. `asked` counts the requests, which open a stream of every topic. */
export interface Play {
  readonly after: string;
  readonly asked: number;
}

/** Opens a stream, and shows all of its entries. */
export function SubscribeForm({ token, onExplain, play }: SubscribeProps): ComponentChildren {
  const [match, setMatch] = useState("greeting");
  const [patterns, setPatterns] = useState("");
  const [interval, setInterval] = useState("");
  const [last, setLast] = useState("");
  const [latest, setLatest] = useState(false);
  const [lastEventId, setLastEventId] = useState("");
  const [view, setView] = useState<RawView>(NOTHING);
  const stream = useRef<RawStream | undefined>(undefined);
  useEffect(() => () => stream.current?.close(), []);

  const texts = byHandTexts().subscribe;
  const url = urlOf({ match, patterns, interval, last, latest });
  const isRunning = view.state !== "closed" && view.state !== "refused";
  const header = token === undefined ? "" : ' -H "Authorization: Bearer $TOKEN"';
  const curl = `curl -N${header} '${quoted(location.origin + withCursor(url, lastEventId))}'`;

  useEffect(() => {
    if (play.asked === 0) return;
    setMatch("");
    setPatterns("");
    setLast("");
    setLatest(false);
    setLastEventId(play.after);
    open(urlOf({ match: "", patterns: "", interval, last: "", latest: false }), play.after);
  }, [play.asked]);

  function open(at: string, after: string): void {
    stream.current?.close();
    stream.current = new RawStream({ url: at, token, lastEventId: after, onView: setView });
  }

  function toggle(event: Event): void {
    event.preventDefault();
    if (!isRunning) return open(url, lastEventId.trim());
    stream.current?.close();
    stream.current = undefined;
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
        <Lines
          id="subscribe-match"
          label={texts.topics}
          placeholder={texts.everyTopic}
          value={match}
          onValue={setMatch}
          disabled={isRunning}
        />
        <Lines
          id="subscribe-patterns"
          label={texts.patterns}
          placeholder={EXAMPLE_PATTERN}
          value={patterns}
          onValue={setPatterns}
          disabled={isRunning}
        />
        <NumberField
          id="subscribe-interval"
          label={texts.interval}
          value={interval}
          onValue={setInterval}
          placeholder={byHandTexts().publish.atOnce}
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
