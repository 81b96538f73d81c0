import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { language } from "artesian-ui/language.ts";
import { type Candle, CANDLE_STEPS } from "../server/wire.ts";
import { type FollowedCandles, followCandles } from "./chart-data.ts";
import { describeCandles, legendOf } from "./chart-words.ts";
import { formatHour } from "./format.ts";
import type { MarketStore } from "./market-store.ts";
import { setText } from "./paint.ts";
import type { PriceChart } from "./price-chart.ts";
import { RANGE_NAMES, type RangeName, RANGES } from "./ranges.ts";
import { stocksTexts } from "./texts.ts";
import type { Tick } from "./time-axis.ts";
import type { UpColour } from "./watch-list.ts";

/** A hidden tab has no frames. */
const HIDDEN_FRAME_MS = 500;

export interface ChartPanelProps {
  readonly store: MarketStore;
  /** Undefined until a symbol is known. */
  readonly symbol: string | undefined;
  /** The symbol to compare with. */
  readonly compared: string | undefined;
  readonly symbols: readonly string[];
  readonly range: RangeName;
  /** A changed number requests the past again. */
  readonly rounds: number;
  readonly upColour: UpColour;
  /** Why there is no chart. Undefined leaves the reason to the chart. */
  readonly note: ComponentChildren;
  readonly onRange: (range: RangeName) => void;
  readonly onCompare: (symbol: string | undefined) => void;
}

/** The chart of the chosen symbol. Its library is loaded on demand, apart from the page. */
export function ChartPanel(props: ChartPanelProps): ComponentChildren {
  const { store, symbol, compared, symbols, range, rounds, upColour, note, onRange, onCompare } = props;
  const { step, seconds } = RANGES[range];
  const [state, setState] = useState<"loading" | "drawn" | "empty" | "failed">("loading");
  const [ticks, setTicks] = useState<readonly Tick[]>([]);
  /** Counts the resets of the candles, after which words about them are computed again. */
  const [resets, setResets] = useState(0);
  const canvas = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLParagraphElement>(null);
  const chart = useRef<PriceChart | undefined>(undefined);
  const main = useRef<FollowedCandles | undefined>(undefined);
  const other = useRef<FollowedCandles | undefined>(undefined);
  const hovered = useRef<number | undefined>(undefined);
  const current = useRef({ symbol, compared });
  current.current = { symbol, compared };

  // The chart's code is the largest part of the page. The prices are on the screen first.
  const hasPrices = symbols.length > 0;
  useEffect(() => {
    if (!hasPrices) return undefined;
    let isGone = false;
    async function draw(element: HTMLElement): Promise<void> {
      try {
        await nextFrame();
        const { drawPrices } = await import("./price-chart.ts");
        if (isGone) return;
        chart.current = drawPrices({
          element,
          range: RANGES[range],
          onTicks: setTicks,
          onHover(time) {
            hovered.current = time;
            paintLegend();
          },
        });
        show();
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
  }, [range, hasPrices]);

  function decimals(): number {
    return current.current.symbol === undefined ? 2 : store.ticker(current.current.symbol).decimals;
  }

  function show(): void {
    const candles = main.current?.candles();
    if (chart.current === undefined || candles === undefined) return;
    chart.current.reset(candles, decimals());
    const quote = current.current.symbol === undefined ? undefined : store.ticker(current.current.symbol).quote;
    chart.current.tellAgainst(quote === undefined ? undefined : quote.price - quote.change);
    if (current.current.compared !== undefined) chart.current.compare(other.current?.candles() ?? []);
    setState(candles.length === 0 ? "empty" : "drawn");
    setResets((count) => count + 1);
    paintLegend();
  }

  function paintLegend(): void {
    if (legend.current === null) return;
    const at = hovered.current;
    const of = (followed: FollowedCandles | undefined): Candle | undefined => {
      const candles = followed?.candles();
      return at === undefined ? candles?.at(-1) : candles?.find(({ time }) => time === at);
    };
    const beside = current.current.compared;
    const text = legendOf(of(main.current), step, decimals());
    const close = beside === undefined ? undefined : of(other.current)?.close;
    const besideText =
      beside === undefined || close === undefined ? "" : ` · ${beside} ${legendOf(close, step, store.ticker(beside).decimals)}`;
    setText(legend.current, text + besideText);
  }

  useEffect(() => {
    // Candles of another symbol must not be drawn under this one's name.
    setState((before) => (before === "failed" ? before : "loading"));
  }, [symbol, step]);

  useEffect(() => {
    if (symbol === undefined) return undefined;
    const followed = followCandles({
      store,
      symbol,
      step,
      onReset: show,
      onUpdate(candle) {
        setState((before) => (before === "empty" ? "drawn" : before));
        chart.current?.update(candle, decimals());
        paintLegend();
      },
    });
    main.current = followed;
    return () => {
      main.current = undefined;
      followed.stop();
    };
  }, [symbol, step, rounds]);

  useEffect(() => {
    if (compared === undefined) return undefined;
    const followed = followCandles({
      store,
      symbol: compared,
      step,
      onReset(candles) {
        chart.current?.compare(candles);
        paintLegend();
      },
      onUpdate(candle) {
        chart.current?.updateCompared(candle);
        paintLegend();
      },
    });
    other.current = followed;
    return () => {
      other.current = undefined;
      followed.stop();
      chart.current?.compare(undefined);
      paintLegend();
    };
  }, [compared, step, rounds]);

  // The canvas has its own words and colours.
  useEffect(() => {
    chart.current?.repaint();
    paintLegend();
  }, [upColour, language()]);

  const texts = stocksTexts().chart;
  const words = useMemo(() => {
    const shown = (main.current?.candles() ?? []).filter(({ time }, _, all) => time > (all.at(-1)?.time ?? 0) - seconds);
    const [first, last] = [shown[0]?.time, shown.at(-1)?.time];
    const isShort = first !== undefined && last !== undefined && last - first < seconds - 3 * CANDLE_STEPS[step];
    return { summary: describeCandles(shown, decimals()), since: isShort ? texts.since(formatHour(first * 1000, Date.now())) : "" };
  }, [resets, state, range, symbol, language()]);

  return (
    <div class="chart-panel">
      <div class="chart-tools">
        <fieldset class="ranges">
          <legend class="visually-hidden">{texts.legend}</legend>
          {RANGE_NAMES.map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="range"
                value={name}
                aria-label={texts.spoken[name]}
                checked={range === name}
                onChange={() => onRange(name)}
              />
              <span aria-hidden="true">{texts.ranges[name]}</span>
            </label>
          ))}
        </fieldset>
        <select
          class="compare"
          data-testid="compare"
          aria-label={texts.compare}
          value={compared ?? ""}
          onChange={(event) => onCompare(event.currentTarget.value === "" ? undefined : event.currentTarget.value)}
        >
          <option value="">{texts.compare}</option>
          {symbols.map((each) => (
            <option key={each} value={each} disabled={each === symbol}>
              {each}
            </option>
          ))}
        </select>
      </div>
      <p class="ohlc" data-testid="ohlc" ref={legend} />
      <div class="chart" data-testid="chart" data-state={state} data-symbol={symbol}>
        <div class="chart-canvas" ref={canvas} role="img" aria-label={texts.label(symbol ?? "", texts.spoken[range], words.summary)} />
        {state !== "drawn" && (
          <div class="chart-note" role="status">
            {note ?? texts.notes[state]}
          </div>
        )}
      </div>
      <div class="axis" data-testid="axis" aria-hidden="true">
        {ticks.map(({ x, text }) => (
          <span key={x} style={{ left: `${x}px` }}>
            {text}
          </span>
        ))}
      </div>
      <p class="chart-since" data-testid="chart-since">
        {state === "drawn" ? words.since : ""}
      </p>
    </div>
  );
}

/** Resolves after the browser's next frame, or soon in a hidden tab. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    const soon = setTimeout(resolve, HIDDEN_FRAME_MS);
    requestAnimationFrame(() => {
      clearTimeout(soon);
      setTimeout(resolve);
    });
  });
}
