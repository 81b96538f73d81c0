import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { ChartPanel, type ChartPanelProps } from "./chart-panel.tsx";
import { formatHour, formatPrice, formatTime, formatVolume, UNKNOWN } from "./format.ts";
import type { MarketStore } from "./market-store.ts";
import { nameOf } from "./names.ts";
import { setText } from "./paint.ts";
import { stocksTexts } from "./texts.ts";
import { usePainter, usePrice } from "./use-market.ts";

/** The chart's own, which the detail passes on. */
type OfChart = Pick<ChartPanelProps, "compared" | "symbols" | "range" | "onRange" | "onCompare" | "rounds" | "upColour" | "note">;

export interface QuoteDetailProps extends OfChart {
  readonly store: MarketStore;
  /** Undefined until a symbol is known. The place is kept, so that nothing below jumps. */
  readonly symbol: string | undefined;
  readonly isWatched: boolean;
  readonly paused: boolean;
  readonly onWatch: (symbol: string) => void;
}

const FIGURES = ["open", "high", "low", "volume"] as const;

/** The chosen symbol: its price, its chart and its day. */
export function QuoteDetail({ store, symbol, isWatched, paused, onWatch, ...ofChart }: QuoteDetailProps): ComponentChildren {
  const texts = stocksTexts();
  const tools = (
    <button
      type="button"
      class="button quiet small"
      aria-pressed={isWatched}
      data-testid="detail-watch"
      disabled={symbol === undefined}
      onClick={() => symbol !== undefined && onWatch(symbol)}
    >
      {isWatched ? texts.detail.watched : texts.detail.watch}
    </button>
  );
  return (
    <section class="detail" aria-labelledby="detail-title" data-testid="detail" data-symbol={symbol}>
      <Price key={symbol} store={store} symbol={symbol} paused={paused}>
        {tools}
      </Price>
      <ChartPanel store={store} symbol={symbol} {...ofChart} />
      <Day key={`day ${symbol}`} store={store} symbol={symbol} />
    </section>
  );
}

interface PriceProps {
  readonly store: MarketStore;
  readonly symbol: string | undefined;
  readonly paused: boolean;
  readonly children: ComponentChildren;
}

function Price({ store, symbol, paused, children }: PriceProps): ComponentChildren {
  const texts = stocksTexts();
  const name = useRef<HTMLParagraphElement>(null);
  const tag = useRef<HTMLSpanElement>(null);
  const { root, price, tick, arrow, change, percent } = usePrice(store, symbol, (ticker) => {
    if (name.current !== null) setText(name.current, nameOf(ticker));
    if (tag.current !== null) tag.current.hidden = ticker.quote?.simulated !== true;
  });

  return (
    <div class="detail-head" ref={root}>
      <div class="detail-names">
        <h2 id="detail-title">
          {symbol ?? UNKNOWN}
          <span class="tag" hidden ref={tag}>
            {texts.simulated}
          </span>
          {paused && (
            <span class="tag tag-paused" data-testid="detail-paused">
              {texts.paused}
            </span>
          )}
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

function Day({ store, symbol }: { store: MarketStore; symbol: string | undefined }): ComponentChildren {
  const figures = useRef<Record<string, HTMLElement | null>>({});
  const seen = useRef<HTMLParagraphElement>(null);

  usePainter(store, symbol, ({ quote, session, decimals }) => {
    const texts = stocksTexts().detail;
    const known = quote !== undefined && session.since > 0;
    const shown: Record<(typeof FIGURES)[number], string> = {
      open: known ? formatPrice(session.open, decimals) : UNKNOWN,
      high: known ? formatPrice(session.high, decimals) : UNKNOWN,
      low: known ? formatPrice(session.low, decimals) : UNKNOWN,
      volume: formatVolume(quote?.volume),
    };
    for (const figure of FIGURES) {
      const element = figures.current[figure];
      if (element !== null && element !== undefined) setText(element, shown[figure]);
    }
    if (seen.current === null) return;
    const now = Date.now();
    setText(seen.current, known ? texts.seen(formatTime(quote.at, now), formatHour(session.since, now)) : "");
  });

  const texts = stocksTexts().detail;
  return (
    <div class="day">
      <dl>
        {FIGURES.map((figure) => (
          <div key={figure}>
            <dt>{texts.figures[figure]}</dt>
            <dd data-testid={`day-${figure}`} ref={(element) => void (figures.current[figure] = element)} />
          </div>
        ))}
      </dl>
      <p class="day-seen" ref={seen} />
    </div>
  );
}
