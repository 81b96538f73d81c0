import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { ChartPanel } from "./chart-panel.tsx";
import { formatHour, formatPrice, formatTime, formatVolume, UNKNOWN } from "./format.ts";
import type { MarketStore } from "./market-store.ts";
import { setText } from "./paint.ts";
import { usePainter, usePrice } from "./use-market.ts";

export interface QuoteDetailProps {
  readonly store: MarketStore;
  readonly symbol: string;
  readonly isWatched: boolean;
  readonly rounds: number;
  readonly paused: boolean;
  readonly onWatch: (symbol: string) => void;
}

const FIGURES = ["Open", "High", "Low", "Volume"] as const;

/** The chosen symbol: its price, its chart and its day. */
export function QuoteDetail({ store, symbol, isWatched, rounds, paused, onWatch }: QuoteDetailProps): ComponentChildren {
  return (
    <section class="detail" aria-labelledby="detail-title" data-testid="detail" data-symbol={symbol}>
      <Price key={symbol} store={store} symbol={symbol}>
        <button
          type="button"
          class="button quiet small"
          aria-pressed={isWatched}
          data-testid="detail-watch"
          onClick={() => onWatch(symbol)}
        >
          {isWatched ? "Watched" : "Watch"}
        </button>
      </Price>
      <ChartPanel store={store} symbol={symbol} rounds={rounds} paused={paused} />
      <Day key={`day ${symbol}`} store={store} symbol={symbol} />
    </section>
  );
}

function Price({ store, symbol, children }: { store: MarketStore; symbol: string; children: ComponentChildren }): ComponentChildren {
  const name = useRef<HTMLParagraphElement>(null);
  const tag = useRef<HTMLSpanElement>(null);
  const { root, price, tick, arrow, change, percent } = usePrice(store, symbol, (ticker) => {
    if (name.current !== null) setText(name.current, ticker.name ?? "");
    if (tag.current !== null) tag.current.hidden = ticker.quote?.simulated !== true;
  });

  return (
    <div class="detail-head" ref={root}>
      <div class="detail-names">
        <h2 id="detail-title">
          {symbol}
          <span class="tag" hidden ref={tag}>
            Simulated
          </span>
        </h2>
        <p ref={name} />
      </div>
      <div class="detail-tools">{children}</div>
      <p class="detail-price">
        <span class="price" data-testid="detail-price" ref={price} />
        <span class="tick" aria-hidden="true" ref={tick} />
        <span class="detail-change">
          <span class="arrow" aria-hidden="true" ref={arrow} /> <span ref={change} /> <span class="percent" ref={percent} />
        </span>
      </p>
    </div>
  );
}

function Day({ store, symbol }: { store: MarketStore; symbol: string }): ComponentChildren {
  const figures = useRef<Record<string, HTMLElement | null>>({});
  const seen = useRef<HTMLParagraphElement>(null);

  usePainter(store, symbol, ({ quote, session, decimals }) => {
    const known = quote !== undefined && session.since > 0;
    const texts: Record<(typeof FIGURES)[number], string> = {
      Open: known ? formatPrice(session.open, decimals) : UNKNOWN,
      High: known ? formatPrice(session.high, decimals) : UNKNOWN,
      Low: known ? formatPrice(session.low, decimals) : UNKNOWN,
      Volume: formatVolume(quote?.volume),
    };
    for (const label of FIGURES) {
      const element = figures.current[label];
      if (element !== null && element !== undefined) setText(element, texts[label]);
    }
    if (seen.current === null) return;
    const now = Date.now();
    setText(seen.current, known ? `Last price ${formatTime(quote.at, now)} · Session seen since ${formatHour(session.since, now)}` : "");
  });

  return (
    <div class="day">
      <dl>
        {FIGURES.map((label) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd data-testid={`day-${label.toLowerCase()}`} ref={(element) => void (figures.current[label] = element)} />
          </div>
        ))}
      </dl>
      <p class="day-seen" ref={seen} />
    </div>
  );
}
