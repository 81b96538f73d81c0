import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { MarketStore } from "./market-store.ts";
import { nameOf } from "./names.ts";
import { setText } from "./paint.ts";
import { stocksTexts } from "./texts.ts";
import { SPARK_HEIGHT, SPARK_WIDTH } from "./spark.ts";
import { usePrice } from "./use-market.ts";

export interface QuoteRowProps {
  readonly store: MarketStore;
  readonly symbol: string;
  readonly isWatched: boolean;
  readonly isSelected: boolean;
  /** Whether the Tab key reaches this row. The arrow keys lead to the others. */
  readonly isActive: boolean;
  readonly onPick: (symbol: string) => void;
  readonly onWatch: (symbol: string) => void;
}

/** One symbol. The row is made once, and its prices are painted into it. */
export function QuoteRow({ store, symbol, isWatched, isSelected, isActive, onPick, onWatch }: QuoteRowProps): ComponentChildren {
  const name = useRef<HTMLElement>(null);
  const line = useRef<SVGPathElement>(null);
  const { root, price, tick, arrow, change, percent } = usePrice(store, symbol, (ticker) => {
    if (name.current !== null) setText(name.current, nameOf(ticker));
    line.current?.setAttribute("d", ticker.spark.path());
  });

  const texts = stocksTexts().list;
  const tabIndex = isActive ? 0 : -1;
  return (
    <div class="row" role="row" aria-selected={isSelected} data-testid="row" data-symbol={symbol} ref={root} onClick={() => onPick(symbol)}>
      <span role="gridcell" class="cell-watch">
        <button
          type="button"
          class="star"
          data-testid="watch"
          aria-pressed={isWatched}
          aria-label={texts.watch(symbol)}
          title={isWatched ? texts.takeOff : texts.putOn}
          tabIndex={tabIndex}
          onClick={(event) => {
            event.stopPropagation();
            onWatch(symbol);
          }}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="m12 3.6 2.6 5.3 5.8.8-4.2 4.100 1 5.800-5.200-2.700-5.200 2.700 1-5.800-4.200-4.100 5.800-.800z" />
          </svg>
        </button>
      </span>
      <span role="rowheader" class="cell-symbol">
        <button type="button" class="pick" data-pick={symbol} tabIndex={tabIndex} onClick={() => onPick(symbol)}>
          <b>{symbol}</b>
          <small ref={name} />
        </button>
      </span>
      <span role="gridcell" class="cell-spark">
        <svg viewBox={`0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path ref={line} />
        </svg>
      </span>
      <span role="gridcell" class="cell-price">
        <span class="tick" aria-hidden="true" ref={tick} />
        <span class="price" data-testid="price" ref={price} />
      </span>
      <span role="gridcell" class="cell-change" data-testid="change">
        <span class="arrow" aria-hidden="true" ref={arrow} /> <span class="absolute" ref={change} /> <span class="percent" ref={percent} />
      </span>
    </div>
  );
}
