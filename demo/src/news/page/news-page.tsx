import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { AppBar } from "artesian-ui/app-bar.tsx";
import { language } from "artesian-ui/language.ts";
import { ConnectionBadge, ConnectionProblem } from "artesian-ui/connection-badge.tsx";
import { useNow } from "artesian-ui/use-now.ts";
import { useView } from "artesian-ui/use-view.ts";
import { Announcer } from "./announcer.tsx";
import { arrange, inOrder, newestFirst } from "./arrange.ts";
import { Board } from "./board.tsx";
import { FeedsPanel } from "./feeds-panel.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { goTo } from "./go-to.ts";
import { Keys } from "./keys/keys.tsx";
import { LetIn } from "./let-in.tsx";
import { NewsStore } from "./news-store.ts";
import { newsTexts } from "./texts.ts";
import { Ticker } from "./ticker/ticker.tsx";
import { useClock } from "./use-clock.ts";
import { useFilter } from "./use-filter.ts";
import { usePart } from "artesian-ui/use-part.ts";
import { useRead } from "./use-read.ts";
import { useReading } from "./use-reading.ts";
import { useSetting } from "./use-setting.ts";
import { useVisit } from "./use-visit.ts";

/**
 * The news page.
 *
 * Stable for tests: the roles and labels, and these `data-testid`s:
 * - `connection` (`data-state`) and `connection-problem`: as on every page
 * - `ticker`: the band, `data-rolling`; `lane` with `data-stands` while it is paused; `roll`: each
 *   headline in it; `pause`: its button
 * - `feed`: a section, `data-feed`; in it `headlines`, each a `headline` with `data-id` and
 *   `data-fresh` and `data-read`; `visit-mark`: what is above has come since the last visit;
 *   `picture` with `data-failed`; `trouble`: why it fails; `feed-new`: shows its new ones
 * - `show-new`: the pill; `announcer`: what a screen reader is told; `roll-in`: the switch that
 *   lets new ones in
 * - `keys`: opens the `keys-dialog` with the switch `keys-on`
 * - `feed-choice`, `filter`, `no-match`; `no-feeds`; `sample-note`; `feeds-panel` with
 *   `feeds-state` and a `feed-status` each, with `remove-feed`
 * - `add-feed` with `feed-address`, `add-outcome` and `add-line`; `opml-in`, `opml-out`
 */
export function NewsPage(): ComponentChildren {
  const texts = newsTexts();
  const [store] = useState(() => new NewsStore());
  const view = useView(store);
  const [filter, setFilter] = useFilter();
  const [rolling, setRolling] = useSetting("rolling", true);
  const [isHelping, setHelping] = useState(false);
  const [isReading, watching] = useReading();
  const read = useRead();
  const now = useClock(view.aheadMs);
  const since = useVisit(now, view.loaded);
  const badgeNow = useNow(view.connection.state === "reconnecting");
  const main = useRef<HTMLElement>(null);
  const { shown, held, fresh } = view;
  const feeds = useMemo(() => inOrder(view.feeds, language()), [view.feeds, language()]);
  // A feed in the address may be unknown to this server.
  const isUnknownFeed = filter.feed !== "" && !feeds.some(({ name }) => name === filter.feed);
  const reload = (): void => store.reload();
  /** The note goes, together with the focused button. */
  const reloadFromNote = (): void => {
    reload();
    main.current?.focus({ preventScroll: true });
  };
  const noFeeds = usePart(() => import("./feeds/no-feeds.tsx"), view.loaded && feeds.length === 0);
  const searching = usePart(() => import("./search/index.ts"), filter.text !== "" || (view.loaded && isUnknownFeed));
  const search = useMemo(() => searching?.searchFor(filter.text), [searching, filter.text]);
  const sections = useMemo(() => arrange(feeds, shown, held, filter, search), [feeds, shown, held, filter, search]);
  const isEmpty = isUnknownFeed || (search !== undefined && sections.every(({ headlines }) => headlines.length === 0));
  const waiting = sections.reduce((sum, section) => sum + section.held, 0);
  const onTicker = useMemo(() => {
    const names = new Set(feeds.map(({ name }) => name));
    return newestFirst([...held, ...shown].toReversed()).filter(({ feed }) => names.has(feed));
  }, [feeds, shown, held]);

  useEffect(() => {
    document.title = waiting > 0 ? `(${waiting}) ${texts.title}` : texts.title;
  }, [waiting, texts]);

  function show(feed?: string): void {
    const newest = store.show(feed);
    if (newest === undefined) return;
    // After the headlines are in place, because the focused button is gone.
    requestAnimationFrame(() => goTo(main.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(newest.id)}"]`)));
  }

  /** Marks a headline as read when the reader opens the link, with any button. */
  function onOpen({ target }: Event): void {
    const row = target instanceof Element ? target.closest("a")?.closest<HTMLElement>("[data-id]") : undefined;
    if (row?.dataset["id"] !== undefined) read.set(row.dataset["id"], true);
  }

  return (
    <div class="news" onClick={onOpen} onAuxClick={onOpen}>
      <a class="skip" href="#headlines">
        {texts.skip}
      </a>
      <AppBar current="news" />
      <header class="news-head">
        <h1>{texts.heading}</h1>
        <ConnectionBadge connection={view.connection} now={badgeNow} />
      </header>
      <ConnectionProblem connection={view.connection} />
      {view.loaded ? feeds.length > 0 && <Ticker headlines={onTicker} now={now} /> : <div class="band" />}
      <main class="news-main" id="headlines" ref={main} tabIndex={-1}>
        {noFeeds !== undefined && feeds.length === 0 && <noFeeds.NoFeeds onOtherList={reloadFromNote} />}
        {view.loaded && feeds.length > 0 && (
          <>
            {feeds.some(({ sample }) => sample) && <SampleNote onOtherList={reloadFromNote} />}
            <FilterBar
              feeds={feeds}
              filter={filter}
              onFilter={setFilter}
              rolling={rolling}
              onRolling={setRolling}
              onKeys={() => setHelping(true)}
            />
            <Announcer count={waiting} />
            {waiting > 0 && (
              <div class="pill-dock">
                <button type="button" class="button pill" data-testid="show-new" onClick={() => show(filter.feed || undefined)}>
                  {texts.newHeadlines(waiting)}
                  <span aria-hidden="true"> ↑</span>
                </button>
              </div>
            )}
            <div class="news-lists" {...watching}>
              {!isEmpty ? (
                <Board sections={sections} look={{ search, fresh, read, since, now }} onShow={show} />
              ) : (
                searching !== undefined && (
                  <searching.NoMatch isUnknownFeed={isUnknownFeed} onClear={() => setFilter({ feed: "", text: "" })} />
                )
              )}
              {/* The part above would push the panel down. */}
              {(!isEmpty || searching !== undefined) && <FeedsPanel feeds={feeds} now={now} onOtherList={reload} />}
            </div>
          </>
        )}
      </main>
      {view.loaded && (
        <>
          <LetIn isOn={rolling} isReading={isReading} onRoll={(lets) => store.roll(lets)} />
          <Keys read={read} onShowNew={() => show(filter.feed || undefined)} isHelping={isHelping} onHelping={setHelping} />
        </>
      )}
    </div>
  );
}

interface AddingProps {
  readonly onOtherList: () => void;
}

function SampleNote({ onOtherList }: AddingProps): ComponentChildren {
  const texts = newsTexts();
  const [isOpen, setOpen] = useState(false);
  const adding = usePart(() => import("./feeds/add-feed.tsx"), isOpen);
  return (
    <aside class="sample-note" aria-label={texts.about} data-testid="sample-note">
      <p>
        <b>{texts.invented}</b>
        {texts.gap()}
        {texts.whyInvented}
      </p>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{texts.followReal}</summary>
        {adding !== undefined && <adding.AddFeed id="add-real" onOtherList={onOtherList} />}
      </details>
    </aside>
  );
}
