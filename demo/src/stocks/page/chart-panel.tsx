import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { language } from "artesian-ui/language.ts";
import type { Candle, CandleStep } from "../server/wire.ts";
import { followCandles } from "./chart-data.ts";
import { decimalsOf, formatPrice } from "./format.ts";
import type { MarketStore } from "./market-store.ts";
import type { PriceChart } from "./price-chart.ts";
import { stocksTexts } from "./texts.ts";
import type { UpColour } from "./watch-list.ts";

const RANGES = ["second", "minute"] as const satisfies CandleStep[];

export interface ChartPanelProps {
  readonly store: MarketStore;
  /** Undefined until one is known. */
  readonly symbol: string | undefined;
  /** A changed number requests the past again. */
  readonly rounds: number;
  readonly upColour: UpColour;
  /** Why there is no symbol. */
  readonly note: string;
}

/** The chart of the chosen symbol. Its library is loaded on demand, apart from the page. */
export function ChartPanel({ store, symbol, rounds, upColour, note }: ChartPanelProps): ComponentChildren {
  const [step, setStep] = useState<(typeof RANGES)[number]>("second");
  const [state, setState] = useState<"loading" | "drawn" | "empty" | "failed">("loading");
  const canvas = useRef<HTMLDivElement>(null);
  const chart = useRef<PriceChart | undefined>(undefined);
  const held = useRef<readonly Candle[] | undefined>(undefined);
  const current = useRef(symbol);
  current.current = symbol;

  useEffect(() => {
    let isGone = false;
    async function draw(element: HTMLElement): Promise<void> {
      try {
        const { drawPrices } = await import("./price-chart.ts");
        if (isGone) return;
        chart.current = drawPrices(element, step);
        if (held.current !== undefined) show(held.current);
      } catch {
        // The server is away, or has another build by now.
        if (!isGone) setState("failed");
      }
    }
    if (canvas.current !== null) void draw(canvas.current);
    return () => {
      isGone = true;
      chart.current?.close();
      chart.current = undefined;
    };
  }, [step]);

  function show(candles: readonly Candle[]): void {
    if (chart.current === undefined) return;
    chart.current.reset(candles);
    const quote = current.current === undefined ? undefined : store.ticker(current.current).quote;
    chart.current.compareWith(quote === undefined ? undefined : quote.price - quote.change);
    setState(candles.length === 0 ? "empty" : "drawn");
  }

  useEffect(() => {
    // Candles of another symbol must not be drawn under this one's name.
    held.current = undefined;
    setState((before) => (before === "failed" ? before : "loading"));
  }, [symbol, step]);

  useEffect(() => {
    if (symbol === undefined) return undefined;
    return followCandles({
      store,
      symbol,
      step,
      onReset(candles) {
        held.current = candles;
        show(candles);
      },
      onUpdate(candle) {
        if (held.current?.length === 1) setState("drawn");
        chart.current?.update(candle);
      },
    });
  }, [symbol, step, rounds]);

  // The canvas has words and colours of its own.
  useEffect(() => chart.current?.repaint(), [upColour, language()]);

  const texts = stocksTexts().chart;
  return (
    <div class="chart-panel">
      <fieldset class="ranges">
        <legend class="visually-hidden">{texts.legend}</legend>
        {RANGES.map((range) => (
          <label key={range}>
            <input type="radio" name="range" value={range} checked={step === range} onChange={() => setStep(range)} />
            <span>{texts.ranges[range]}</span>
          </label>
        ))}
      </fieldset>
      <div class="chart" data-testid="chart" data-state={state} data-symbol={symbol}>
        <div
          class="chart-canvas"
          ref={canvas}
          role="img"
          aria-label={texts.label(symbol ?? "", texts.spoken[step], describe(held.current))}
        />
        {state !== "drawn" && (
          <p class="chart-note" role="status">
            {symbol === undefined ? note : texts.notes[state]}
          </p>
        )}
      </div>
    </div>
  );
}

/** The chart in a sentence, for people who can't see it. */
function describe(candles: readonly Candle[] = []): string {
  const texts = stocksTexts().chart;
  const [first, last] = [candles[0], candles.at(-1)];
  if (first === undefined || last === undefined) return texts.notes.empty;
  let [high, low] = [-Infinity, Infinity];
  const decimals = Math.max(...candles.map(({ close }) => decimalsOf(close)));
  const show = (price: number): string => formatPrice(price, decimals);
  for (const candle of candles) {
    high = Math.max(high, candle.high);
    low = Math.min(low, candle.low);
  }
  return texts.summary(show(first.open), show(last.close), show(low), show(high));
}
