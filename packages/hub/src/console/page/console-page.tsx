import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { AppBar } from "artesian-ui/app-bar.tsx";
import { type Connection, ConnectionBadge, ConnectionProblem } from "artesian-ui/connection-badge.tsx";
import { useNow } from "artesian-ui/use-now.ts";
import type { About } from "../server/wire.ts";
import type { ConsoleApi } from "./api.ts";
import { duration } from "./format.ts";
import type { ByHandProps } from "./by-hand/by-hand.tsx";
import type { FleetProps } from "./fleet/fleet.tsx";
import type { JournalProps } from "./journal/journal.tsx";
import { later } from "./later.tsx";
import { Overview } from "./overview.tsx";
import { StatsStore, type StatsView } from "./stats-store.ts";
import type { SubscriberProps } from "./subscriber/subscriber.tsx";
import { Subscribers } from "./subscribers.tsx";
import type { TopicsProps } from "./topics/topics.tsx";
import { type Question, Updates } from "./updates.tsx";
import type { WorkshopProps } from "./workshop/workshop.tsx";
import { consoleTexts } from "./texts.ts";

/** In the order of the page. */
const VIEWS = ["overview", "topics", "journal", "subscribers", "by-hand", "updates", "fleet", "tokens"] as const;

type ViewName = (typeof VIEWS)[number];

// Parts that are not needed at first are loaded when they are shown.
const ByHand = later<ByHandProps>(() => import("./by-hand/by-hand.tsx").then((module) => module.ByHand));
const Topics = later<TopicsProps>(() => import("./topics/topics.tsx").then((module) => module.Topics));
const Journal = later<JournalProps>(() => import("./journal/journal.tsx").then((module) => module.Journal));
const SubscriberPage = later<SubscriberProps>(() => import("./subscriber/subscriber.tsx").then((module) => module.SubscriberPage));
const Fleet = later<FleetProps>(() => import("./fleet/fleet.tsx").then((module) => module.Fleet));
const Workshop = later<WorkshopProps>(() => import("./workshop/workshop.tsx").then((module) => module.Workshop));

/** Age at which figures are no longer live, in milliseconds. They come each second. */
const STALE_MS = 5000;

interface PageProps {
  readonly api: ConsoleApi;
  readonly about: About;
  readonly onRefused: () => void;
  readonly onLeave: () => void;
}

/**
 * The console, for somebody who is in.
 *
 * Stable for tests: the roles and labels, and these `data-testid`s:
 * - `connection` (with `data-state`) and `connection-problem`
 * - `chart`, with `data-figure` and, as `data-value`, its newest value; `as-table`, `sample-table`
 * - `search`, `matched`, `subscribers`, each a `subscriber` (`data-subscriber`, `data-state`) with
 *   `close`, then `confirm-close`; `said`
 * - `publish`, `published`, `published-id`, `what-became`; `subscribe`, `toggle-stream`,
 *   `raw-state` (`data-raw`), `raw-count`, `raw`, `raw-entry` (`data-type`, `data-kind`)
 * - `topics-count`, `topic` (`data-topic`); `follow`, `journal-filter`, `journal`, each a
 *   `journal-update` (`data-update`) with `play`
 * - `details`, `subscriber-page`, `subscriber-rate`, `order-close`, `order-token`, `order-subject`,
 *   then `confirm-order`; `subscriber-said`
 * - `processes`, `process` (`data-process`), `latency-words`, `heat-map`; `takeover`, `kill`,
 *   `kill-said` (`data-kind`)
 * - `make`, `mint-command`, `token-explained`, `token-time`, `token-admin`
 * - `explain`, `life`, `verdict` and `fate` (`data-fate`, `data-count`); `scheduled`
 *   (`data-update`)
 */
export function ConsolePage({ api, about, onRefused, onLeave }: PageProps): ComponentChildren {
  const [place, setPlace] = useState(placeOfAddress);
  const { view, subscriber } = place;
  const [stats, setStats] = useState<StatsView>({ samples: [], connection: { state: "connecting" }, heardAt: Date.now() });
  const [question, setQuestion] = useState<Question>({ id: "", subscriber: "", asked: 0 });
  const [chosen, setChosen] = useState({ topic: "", asked: 0 });
  const [play, setPlay] = useState({ after: "", asked: 0 });
  const main = useRef<HTMLElement>(null);
  const now = useNow(true);

  useEffect(() => {
    const store = new StatsStore({ api, about, onChange: setStats, onRefused });
    return () => store.close();
  }, [api]);

  useEffect(() => {
    const follow = (): void => setPlace(placeOfAddress());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);

  const texts = consoleTexts();
  const title = texts.documentTitle(texts.views[view]);
  useEffect(() => {
    document.title = title;
  }, [title]);

  function show(name: ViewName): void {
    location.hash = name;
    setPlace({ view: name });
    // The reader goes on at the requested part, even if the request came from elsewhere on the
    // page.
    queueMicrotask(() => main.current?.querySelector<HTMLElement>("section:not([hidden]) h2")?.focus());
  }

  function explain(change: Partial<Question>): void {
    setQuestion({ ...question, ...change, asked: question.asked + 1 });
    show("updates");
  }

  const explainOne = (id: string): void => explain({ id, subscriber: "" });
  const newest = stats.samples.at(-1);
  const tick = newest?.at ?? 0;
  const silentMs = now - stats.heardAt;
  const stale = stats.connection.state !== "live" || silentMs > STALE_MS;
  const connection = honest(stats.connection, silentMs);

  return (
    <div class="console">
      <AppBar current="console" hasApps={about.open} />
      <header class="console-head">
        <h1>{texts.console}</h1>
        <ConnectionBadge connection={connection} now={now} />
        <nav class="views" aria-label={texts.console}>
          {VIEWS.map((name) => (
            <a key={name} href={`#${name}`} aria-current={name === view ? "page" : undefined}>
              {texts.views[name]}
            </a>
          ))}
        </nav>
        {about.readOnly && (
          <span class="chip" data-testid="read-only">
            {texts.readOnly}
          </span>
        )}
        {!about.open && (
          <button type="button" class="button quiet small leave" onClick={onLeave}>
            {texts.forgetToken}
          </button>
        )}
      </header>
      <ConnectionProblem connection={connection} />
      <main ref={main} class="view">
        <View name="overview" shown={view}>
          <Overview samples={stats.samples} stale={stale} />
        </View>
        <View name="topics" shown={view}>
          <Topics
            api={api}
            active={view === "topics"}
            tick={tick}
            onTopic={(topic) => {
              setChosen({ topic, asked: chosen.asked + 1 });
              show("journal");
            }}
          />
        </View>
        <View name="journal" shown={view}>
          <Journal
            api={api}
            active={view === "journal"}
            tick={tick}
            chosen={chosen}
            onExplain={explainOne}
            onPlay={(after) => {
              setPlay({ after, asked: play.asked + 1 });
              show("by-hand");
            }}
          />
        </View>
        <View name="subscribers" shown={view}>
          <div hidden={subscriber !== undefined}>
            <Subscribers
              api={api}
              active={view === "subscribers" && subscriber === undefined}
              tick={tick}
              onExplain={(one) => explain({ subscriber: one })}
            />
          </div>
          {subscriber !== undefined && (
            <SubscriberPage
              key={subscriber}
              api={api}
              active={view === "subscribers"}
              tick={tick}
              id={subscriber}
              onExplain={(one) => explain({ subscriber: one })}
            />
          )}
        </View>
        <View name="by-hand" shown={view}>
          <ByHand token={api.token} active={view === "by-hand"} play={play} onExplain={explainOne} />
        </View>
        <View name="updates" shown={view}>
          <Updates api={api} active={view === "updates"} question={question} onQuestion={setQuestion} />
        </View>
        <View name="fleet" shown={view}>
          <Fleet api={api} isOpen={about.open} active={view === "fleet"} tick={tick} />
        </View>
        <View name="tokens" shown={view}>
          <Workshop about={about} active={view === "tokens"} />
        </View>
      </main>
    </div>
  );
}

interface ViewProps {
  readonly name: ViewName;
  readonly shown: ViewName;
  readonly children: ComponentChildren;
}

/** One part of the console. Hidden parts keep their state, so an open stream goes on. */
function View({ name, shown, children }: ViewProps): ComponentChildren {
  return (
    <section aria-labelledby={`${name}-title`} hidden={name !== shown} data-testid={`view-${name}`}>
      <h2 id={`${name}-title`} tabIndex={-1}>
        {consoleTexts().views[name]}
      </h2>
      {children}
    </section>
  );
}

/** The part of the console that the address names, and a subscriber of the list. */
interface Place {
  readonly view: ViewName;
  readonly subscriber?: string | undefined;
}

function placeOfAddress(): Place {
  const [name, subscriber] = location.hash.slice(1).split("/");
  return { view: VIEWS.find((one) => one === name) ?? "overview", subscriber: subscriber || undefined };
}

/** Corrects the state of an open stream that brings nothing, which is not live. */
function honest(connection: Connection, silentMs: number): Connection {
  if (connection.state !== "live" || silentMs <= STALE_MS || connection.problem !== undefined) return connection;
  return {
    ...connection,
    problem: () => consoleTexts().noFigures(duration(silentMs)),
  };
}
