import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Candle, CandleStep } from "../server/wire.ts";
import { followCandles } from "./chart-data.ts";
import { decimalsOf, formatPrice } from "./format.ts";
import type { MarketStore } from "./market-store.ts";
import type { PriceChart } from "./price-chart.ts";

const RANGES: readonly { readonly step: CandleStep; readonly label: string; readonly spoken: string }[] = [
  { step: "second", label: "Seconds", spoken: "the last 10 minutes, by the second" },
  { step: "minute", label: "Minutes", spoken: "the last 10 hours, by the minute" },
];

export interface ChartPanelProps {
  readonly store: MarketStore;
  readonly symbol: string;
  /** A changed number requests the past again. */
  readonly rounds: number;
  readonly paused: boolean;
}

/** The chart of the chosen symbol. Its library is loaded on demand, apart from the page. */
export function ChartPanel({ store, symbol, rounds, paused }: ChartPanelProps): ComponentChildren {
  const [step, setStep] = useState<CandleStep>("second");
  const [summary, setSummary] = useState("");
  const [state, setState] = useState<"loading" | "drawn" | "empty" | "failed">("loading");
  const canvas = useRef<HTMLDivElement>(null);
  const chart = useRef<PriceChart | undefined>(undefined);
  const held = useRef<readonly Candle[] | undefined>(undefined);
  const isPaused = useRef(paused);
  isPaused.current = paused;

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
    const { quote } = store.ticker(current.current);
    chart.current.compareWith(quote === undefined ? undefined : quote.price - quote.change);
    setState(candles.length === 0 ? "empty" : "drawn");
  }

  useEffect(() => {
    // Candles of another symbol must not be drawn under this one's name.
    held.current = undefined;
    setState((before) => (before === "failed" ? before : "loading"));
  }, [symbol, step]);

  useEffect(() => {
    return followCandles({
      store,
      symbol,
      step,
      onReset(candles) {
        held.current = candles;
        setSummary(describe(candles));
        show(candles);
      },
      onUpdate(candle) {
        if (isPaused.current) return;
        if (held.current?.length === 1) setState("drawn");
        chart.current?.update(candle);
      },
    });
  }, [symbol, step, rounds]);

  useEffect(() => {
    // The candles hold every price that the chart missed meanwhile.
    if (!paused && held.current !== undefined) show(held.current);
  }, [paused]);

  const { spoken } = RANGES.find((range) => range.step === step) ?? { spoken: "" };
  return (
    <div class="chart-panel">
      <fieldset class="ranges">
        <legend class="visually-hidden">Time shown in the chart</legend>
        {RANGES.map((range) => (
          <label key={range.step}>
            <input type="radio" name="range" value={range.step} checked={step === range.step} onChange={() => setStep(range.step)} />
            <span>{range.label}</span>
          </label>
        ))}
      </fieldset>
      <div class="chart" data-testid="chart" data-state={state} data-symbol={symbol}>
        <div class="chart-canvas" ref={canvas} role="img" aria-label={`Chart of ${symbol}: ${spoken}. ${summary}`} />
        {state !== "drawn" && (
          <p class="chart-note" role="status">
            {NOTES[state]}
          </p>
        )}
      </div>
    </div>
  );
}

const NOTES = {
  loading: "The chart is on its way.",
  empty: "No price yet.",
  failed: "The chart could not be loaded. Reload the page to try again.",
} as const;

/** The chart in a sentence, for people who can't see it. */
function describe(candles: readonly Candle[]): string {
  const [first, last] = [candles[0], candles.at(-1)];
  if (first === undefined || last === undefined) return "No price yet.";
  let [high, low] = [-Infinity, Infinity];
  const decimals = Math.max(...candles.map(({ close }) => decimalsOf(close)));
  const show = (price: number): string => formatPrice(price, decimals);
  for (const candle of candles) {
    high = Math.max(high, candle.high);
    low = Math.min(low, candle.low);
  }
  return `From ${show(first.open)} to ${show(last.close)}, between ${show(low)} and ${show(high)}.`;
}
