import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { AppBar } from "artesian-ui/app-bar.tsx";
import { type Connection, ConnectionBadge, ConnectionProblem } from "artesian-ui/connection-badge.tsx";
import { useNow } from "artesian-ui/use-now.ts";
import type { About } from "../server/wire.ts";
import type { ConsoleApi } from "./api.ts";
import { duration } from "./format.ts";
import { Overview } from "./overview.tsx";
import { PublishForm } from "./publish-form.tsx";
import { StatsStore, type StatsView } from "./stats-store.ts";
import { SubscribeForm } from "./subscribe-form.tsx";
import { Subscribers } from "./subscribers.tsx";
import { type Question, Updates } from "./updates.tsx";
import { consoleTexts } from "./texts.ts";

/** In the order of the page. */
const VIEWS = ["overview", "subscribers", "by-hand", "updates"] as const;

type ViewName = (typeof VIEWS)[number];

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
 * - `explain`, `life`, `verdict` and `fate` (`data-fate`, `data-count`); `scheduled`
 *   (`data-update`)
 */
export function ConsolePage({ api, about, onRefused, onLeave }: PageProps): ComponentChildren {
  const [view, setView] = useState(viewOfAddress);
  const [stats, setStats] = useState<StatsView>({ samples: [], connection: { state: "connecting" }, heardAt: Date.now() });
  const [question, setQuestion] = useState<Question>({ id: "", subscriber: "", asked: 0 });
  const main = useRef<HTMLElement>(null);
  const now = useNow(true);

  useEffect(() => {
    const store = new StatsStore({ api, about, onChange: setStats, onRefused });
    return () => store.close();
  }, [api]);

  useEffect(() => {
    const follow = (): void => setView(viewOfAddress());
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
    setView(name);
    // The reader goes on at the requested part, even if the request came from elsewhere on the
    // page.
    queueMicrotask(() => main.current?.querySelector<HTMLElement>("section:not([hidden]) h2")?.focus());
  }

  function explain(change: Partial<Question>): void {
    setQuestion({ ...question, ...change, asked: question.asked + 1 });
    show("updates");
  }

  const newest = stats.samples.at(-1);
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
        <View name="subscribers" shown={view}>
          <Subscribers
            api={api}
            active={view === "subscribers"}
            tick={newest?.at ?? 0}
            onExplain={(subscriber) => explain({ subscriber })}
          />
        </View>
        <View name="by-hand" shown={view}>
          <div class="panes">
            <PublishForm token={api.token} onExplain={(id) => explain({ id, subscriber: "" })} />
            <SubscribeForm token={api.token} onExplain={(id) => explain({ id, subscriber: "" })} />
          </div>
        </View>
        <View name="updates" shown={view}>
          <Updates api={api} active={view === "updates"} question={question} onQuestion={setQuestion} />
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

function viewOfAddress(): ViewName {
  return VIEWS.find((name) => `#${name}` === location.hash) ?? "overview";
}

/** Corrects the state of an open stream that brings nothing, which is not live. */
function honest(connection: Connection, silentMs: number): Connection {
  if (connection.state !== "live" || silentMs <= STALE_MS || connection.problem !== undefined) return connection;
  return {
    ...connection,
    problem: () => consoleTexts().noFigures(duration(silentMs)),
  };
}
