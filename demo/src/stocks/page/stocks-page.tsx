import type { ComponentChildren, TargetedKeyboardEvent } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { AppBar } from "artesian-ui/app-bar.tsx";
import { ConnectionBadge, ConnectionProblem } from "artesian-ui/connection-badge.tsx";
import { language } from "artesian-ui/language.ts";
import { useNow } from "artesian-ui/use-now.ts";
import { useView } from "artesian-ui/use-view.ts";
import { AboutPrices } from "./about-prices.tsx";
import { Alerts } from "./alerts.ts";
import { arrowOf, formatPrice } from "./format.ts";
import { MarketStore } from "./market-store.ts";
import { FiredAlerts, notify, PriceAlerts } from "./price-alerts.tsx";
import { MarketSummary, SpokenSummary } from "./market-summary.tsx";
import { QuoteDetail } from "./quote-detail.tsx";
import { QuoteList } from "./quote-list.tsx";
import { Settings } from "./settings.tsx";
import { findSymbols, sortingAfter } from "./sort.ts";
import { stocksTexts } from "./texts.ts";
import { useLink } from "./use-link.ts";
import { type Choices, loadChoices, saveChoices, toggleWatched, type View } from "./watch-list.ts";

/**
 * Longest wait for the past of prices, in milliseconds. The wait keeps the first symbol from being
 * just the first to arrive.
 */
const PAST_MS = 2000;

/**
 * The stocks page.
 *
 * The symbol stands in the address, as in `/stocks#AMBRS`, so links lead to symbols.
 *
 * Stable for tests: the roles and labels, and these `data-testid`s:
 * - `connection`: the badge; `data-state` is `connecting`, `live`, `reconnecting`, `resting`,
 *   `refused`, or `paused` while the reader holds the page still
 * - `summary` with `as-of`: of when the prices are; `data-stale` while they are not live; `spoken`:
 *   what is read out once a minute; `pause`
 * - `list`: the grid; `row`: one symbol, with `data-symbol`, `data-trend`, `data-stale`, and in it
 *   `price`, `change` and `watch`; `sort-symbol`, `sort-price`, `sort-changePercent`
 * - `search`; `view-watched` and `view-all`: what the list shows
 * - `detail`: the chosen symbol, with `data-symbol`, and in it `detail-price`, `detail-watch`,
 *   `chart` (`data-state` is `drawn` once it is) with `unknown` if there is no such symbol, `axis`, `ohlc`, `chart-since`, `compare`,
 *   `day-open`, `day-high`, `day-low`, `day-volume`
 * - `alerts`: the price alerts, in it `alert-price`, `alert-add`, `alert-notify`, and of each `alert`
 *   with `alert-remove`; `alert-fired`: an alert whose price was reached, with `alert-dismiss`
 * - `pace`: the slider of the hub's pace; `pace-rate`: the bytes a second
 * - `up-green`, `up-red`: the colour of rising prices; `detail-paused`: there while paused
 * - `simulated`: there while prices are made up; `about`: how to plug in others
 */
export function StocksPage({ origin, stores: { store, alerts } }: { origin: string; stores: StocksStores }): ComponentChildren {
  const { alerts: setAlerts } = useView(alerts);
  const view = useView(store);
  const [choices, setChoices] = useState(loadChoices);
  const [search, setSearch] = useState("");
  const [compared, setCompared] = useState<string>();
  const { watched, sorting } = choices;
  const query = search.trim();
  const isWatchList = choices.view === "watched" && query === "";
  const now = useNow(view.connection.state === "reconnecting");
  // A server that reads a long journal has prices before their past.
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), PAST_MS);
    return () => clearTimeout(timer);
  }, []);
  const isKnown = view.loaded || waited;
  // All at once: rows that come between others would push them.
  const all = useMemo(() => (isKnown ? [...new Set([...view.symbols, ...watched])] : []), [isKnown, view.symbols, watched]);
  const listed = isWatchList ? watched : all;
  // A reader who has chosen none keeps the first symbol shown.
  const first = useRef<string>(undefined);
  const list = useRef<HTMLElement>(null);
  first.current ??= (isWatchList ? watched.toSorted()[0] : undefined) ?? (isKnown ? view.symbols.toSorted()[0] : undefined);
  const link = useLink(choices.selected ?? first.current);
  const selected = link.symbol ?? choices.selected ?? first.current;
  const isUnknown = view.loaded && selected !== undefined && !all.includes(selected);
  const isLive = view.connection.state === "live" && !view.paused;
  const upColour = choices.upColour ?? (language() === "zh-CN" ? "red" : "green");
  const texts = stocksTexts();

  function choose(change: Partial<Choices>): void {
    setChoices((before) => {
      const after = { ...before, ...change };
      saveChoices(after);
      return after;
    });
  }

  function watch(symbol: string): void {
    choose({ watched: toggleWatched(watched, symbol) });
  }

  function pick(symbol: string): void {
    link.go(symbol);
    choose({ selected: symbol });
    // On a phone the chart is above the list.
    document.getElementById("detail-title")?.scrollIntoView({ block: "nearest" });
  }

  /** Enter opens the first symbol found. */
  function onSearchKey(event: TargetedKeyboardEvent<HTMLInputElement>): void {
    // The list may still be that of the text before.
    const text = event.currentTarget.value.trim();
    if (event.key !== "Enter" || event.isComposing || text === "") return;
    const tickers = all.map((symbol) => store.ticker(symbol));
    const [found] = findSymbols(tickers, text, sorting);
    if (found !== undefined) pick(found);
  }

  function showAll(): void {
    setSearch("");
    choose({ view: "all" });
    // On a phone the list is below the chart.
    list.current?.scrollIntoView({ block: "start" });
  }

  /** Returns undefined if the chart speaks for itself. */
  function chartNote(): ComponentChildren {
    if (selected === undefined) return view.loaded ? texts.noPrices : texts.coming;
    return isUnknown ? <UnknownSymbol symbol={selected} onAll={showAll} /> : undefined;
  }

  function pace(paceMs: number): void {
    choose({ paceMs });
    store.pace(paceMs);
  }

  const followed =
    isWatchList && watched.length > 0
      ? [
          ...new Set([
            ...watched,
            ...[selected, compared, ...setAlerts.map(({ symbol }) => symbol)].filter((symbol) => symbol !== undefined),
          ]),
        ]
      : undefined;
  const followedKey = followed === undefined ? undefined : JSON.stringify(followed.toSorted());
  useEffect(() => store.follow(followed), [store, followedKey]);

  useEffect(() => {
    const ticker = selected === undefined ? undefined : store.ticker(selected);
    const quote = ticker?.quote;
    const title =
      quote === undefined
        ? texts.title
        : `${quote.symbol} ${formatPrice(quote.price, ticker?.decimals)} ${arrowOf(quote.change)} · ${texts.title}`;
    document.title = view.paused ? `${texts.paused} · ${title}` : title;
  }, [view.receivedAt, selected, view.rounds, view.paused, language()]);

  return (
    <div class="stocks" data-live={isLive} data-up={upColour}>
      <AppBar current="stocks" />
      <header class="stocks-head">
        <h1>{texts.heading}</h1>
        {view.paused ? (
          <span class="badge" data-testid="connection" data-state="paused">
            <span role="status">{texts.paused}</span>
          </span>
        ) : (
          <ConnectionBadge connection={view.connection} now={now} />
        )}
        {view.simulated && (
          <span class="simulated" data-testid="simulated">
            <span class="narrow">{texts.simulated}</span>
            <span class="wide">{texts.simulatedMarket}</span>
          </span>
        )}
        <button
          type="button"
          class="button quiet small pause"
          data-testid="pause"
          aria-pressed={view.paused}
          onClick={() => store.pause(!view.paused)}
        >
          {texts.pause}
        </button>
      </header>
      <ConnectionProblem connection={view.connection} />
      <main class="stocks-main">
        <div class="column-detail">
          <QuoteDetail
            store={store}
            symbol={selected}
            isWatched={selected !== undefined && watched.includes(selected)}
            compared={compared === selected ? undefined : compared}
            symbols={all}
            range={choices.range}
            rounds={view.rounds}
            paused={view.paused}
            onRange={(range) => choose({ range })}
            onCompare={setCompared}
            upColour={upColour}
            note={chartNote()}
            onWatch={watch}
          />
        </div>
        <section class="column-list" aria-labelledby="list-title" ref={list}>
          <h2 class="visually-hidden" id="list-title">
            {texts.list.heading}
          </h2>
          <div class="list-tools">
            <fieldset class="views">
              <legend class="visually-hidden">{texts.list.listed}</legend>
              <ViewChoice view="watched" current={choices.view} count={watched.length} onChoose={(chosen) => choose({ view: chosen })} />
              <ViewChoice view="all" current={choices.view} count={all.length} onChoose={(chosen) => choose({ view: chosen })} />
            </fieldset>
            <input
              class="field search"
              type="search"
              data-testid="search"
              aria-label={texts.list.find}
              placeholder={texts.list.find}
              autocomplete="off"
              spellcheck={false}
              maxLength={64}
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value)}
              onKeyDown={onSearchKey}
            />
          </div>
          <MarketSummary view={view} />
          <QuoteList
            store={store}
            symbols={listed}
            search={query}
            sorting={sorting}
            watched={watched}
            selected={selected}
            rounds={view.rounds}
            onSort={(key) => choose({ sorting: sortingAfter(sorting, key) })}
            onPick={pick}
            onWatch={watch}
            empty={<EmptyList query={query} isWatchList={isWatchList} loaded={view.loaded} onAll={() => choose({ view: "all" })} />}
          />
        </section>
        <div class="column-about">
          <PriceAlerts alerts={alerts} store={store} symbol={selected} />
          <Settings
            upColour={upColour}
            onUpColour={(chosen) => choose({ upColour: chosen })}
            store={store}
            paceMs={choices.paceMs}
            onPace={pace}
          />
          <AboutPrices origin={origin} simulated={view.simulated} />
        </div>
      </main>
      <footer class="stocks-foot">
        <p>
          {texts.credit} <a href="https://www.tradingview.com/">www.tradingview.com</a>
        </p>
      </footer>
      <FiredAlerts alerts={alerts} store={store} />
      <SpokenSummary store={store} selected={selected} />
    </div>
  );
}

export interface StocksStores {
  readonly store: MarketStore;
  readonly alerts: Alerts;
}

/** Begins to load what the page shows. */
export function createStores(): StocksStores {
  const alerts = new Alerts((fired) => notify(fired, store));
  const store = new MarketStore(loadChoices().paceMs, (quote) => alerts.check(quote));
  return { store, alerts };
}

interface ViewChoiceProps {
  readonly view: View;
  readonly current: View;
  readonly count: number;
  readonly onChoose: (view: View) => void;
}

function ViewChoice({ view, current, count, onChoose }: ViewChoiceProps): ComponentChildren {
  return (
    <label>
      <input type="radio" name="view" data-testid={`view-${view}`} checked={view === current} onChange={() => onChoose(view)} />
      <span>
        {stocksTexts().list.views[view]} <span class="count">{count}</span>
      </span>
    </label>
  );
}

interface UnknownSymbolProps {
  readonly symbol: string;
  readonly onAll: () => void;
}

/** Stands in place of the chart when the address has a symbol that the server does not know. */
function UnknownSymbol({ symbol, onAll }: UnknownSymbolProps): ComponentChildren {
  const { unknown, showAll } = stocksTexts().list;
  return (
    <>
      <p data-testid="unknown">{unknown(symbol)}</p>
      <button type="button" class="button quiet small" onClick={onAll}>
        {showAll}
      </button>
    </>
  );
}

interface EmptyListProps {
  readonly query: string;
  readonly isWatchList: boolean;
  readonly loaded: boolean;
  readonly onAll: () => void;
}

function EmptyList({ query, isWatchList, loaded, onAll }: EmptyListProps): ComponentChildren {
  const texts = stocksTexts();
  if (query !== "") return <p>{texts.list.notFound(query)}</p>;
  if (!isWatchList) return <p>{loaded ? texts.list.noPrices : texts.coming}</p>;
  return (
    <>
      <p>{texts.list.empty}</p>
      <button type="button" class="button quiet small" onClick={onAll}>
        {texts.list.showAll}
      </button>
    </>
  );
}
