import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatPercent, formatPrice, formatTime } from "./format.ts";
import type { MarketStore, MarketView } from "./market-store.ts";
import { stocksTexts } from "./texts.ts";

/** Interval of spoken prices, in milliseconds. */
const SPOKEN_MS = 60_000;

/** The movement of all prices together, and their time. */
export function MarketSummary({ view }: { view: MarketView }): ComponentChildren {
  const { up, down, flat, receivedAt, connection, paused } = view;
  const isLive = connection.state === "live";
  const texts = stocksTexts().summary;
  const time = receivedAt === undefined ? undefined : formatTime(receivedAt, Date.now());
  return (
    <p class="summary" data-testid="summary" data-stale={!isLive && time !== undefined} data-paused={paused}>
      <span class="summary-counts">
        <span data-trend="up">▲ {texts.up(up)}</span> <span data-trend="down">▼ {texts.down(down)}</span> <span>= {texts.flat(flat)}</span>
      </span>
      <span class="summary-time" data-testid="as-of">
        {time === undefined ? texts.noPrice : paused ? texts.pausedAt(time) : isLive ? texts.asOf(time) : texts.notLive(time)}
      </span>
    </p>
  );
}

/** Reads the prices out once a minute. Reading each price would drown everything else. */
export function SpokenSummary({ store, selected }: { store: MarketStore; selected: string | undefined }): ComponentChildren {
  const [text, setText] = useState("");
  const symbol = useRef(selected);
  symbol.current = selected;
  const { loaded, connection } = store.view;
  // The past may be there before the stream. A stream that comes back is told of with the next minute.
  const wasLive = useRef(false);
  wasLive.current ||= connection.state === "live";
  const hasBegun = loaded && wasLive.current;
  useEffect(() => {
    if (!hasBegun) return undefined;
    const speak = (): void => setText(spoken(store, symbol.current));
    speak();
    const timer = setInterval(speak, SPOKEN_MS);
    return () => clearInterval(timer);
  }, [store, hasBegun]);
  return (
    <p class="visually-hidden" role="status" data-testid="spoken">
      {text}
    </p>
  );
}

function spoken(store: MarketStore, symbol: string | undefined): string {
  const { up, down, flat, paused, connection } = store.view;
  if (paused || connection.state !== "live") return "";
  const ticker = symbol === undefined ? undefined : store.ticker(symbol);
  const quote = ticker?.quote;
  const texts = stocksTexts().summary;
  const chosen =
    quote === undefined
      ? ""
      : texts.spokenOne(quote.symbol, formatPrice(quote.price, ticker?.decimals), formatPercent(quote.changePercent));
  return `${texts.spoken(up, down, flat)}${chosen}`;
}
