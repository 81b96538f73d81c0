import {
  AreaSeries,
  CandlestickSeries,
  ColorType,
  createChart,
  CrosshairMode,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  LineStyle,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { Candle, CandleStep } from "../server/wire.ts";
import { decimalsOf, formatHour, formatPrice, formatTime } from "./format.ts";
import { stocksTexts } from "./texts.ts";

/** A drawn chart. */
export interface PriceChart {
  /** Shows these candles and no others. */
  reset(candles: readonly Candle[]): void;
  /** Adds a candle at the end, or changes the last one. */
  update(candle: Candle): void;
  /** Draws the line of the price that changes are told against. */
  compareWith(previousClose: number | undefined): void;
  /** Draws in the page's colours and language of now. */
  repaint(): void;
  close(): void;
}

type PriceSeries = ISeriesApi<"Area"> | ISeriesApi<"Candlestick">;

/**
 * Draws prices in an element, at the size of the element. Seconds are a line, minutes are candles.
 * Volumes stand below.
 */
export function drawPrices(element: HTMLElement, step: CandleStep): PriceChart {
  let decimals = 2;
  const chart = createChart(element, {
    autoSize: true,
    // The licence's link stands at the end of the page.
    layout: { attributionLogo: false, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.1, bottom: 0.24 } },
    timeScale: {
      borderVisible: false,
      timeVisible: true,
      secondsVisible: step === "second",
      rightOffset: 4,
      tickMarkFormatter: (time: Time) => (step === "second" ? formatTime : formatHour)(Number(time) * 1000, Number(time) * 1000),
    },
    localization: {
      timeFormatter: (time: Time) => formatTime(Number(time) * 1000, Date.now()),
      priceFormatter: (price: number) => formatPrice(price, decimals),
    },
    crosshair: { mode: CrosshairMode.Magnet },
    // A finger that scrolls the page must get past the chart.
    handleScroll: { vertTouchDrag: false, mouseWheel: false },
    handleScale: { mouseWheel: false },
  });
  const prices: PriceSeries = step === "second" ? chart.addSeries(AreaSeries, { lineWidth: 2 }) : chart.addSeries(CandlestickSeries);
  const volumes = chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false });
  volumes.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  volumes.applyOptions({ priceLineVisible: false });
  let line: IPriceLine | undefined;
  let lastTime = -Infinity;

  function paint(): void {
    const colours = readColours(element);
    applyColours(chart, colours);
    volumes.applyOptions({ color: colours.volume });
    if (step === "second") {
      prices.applyOptions({ lineColor: colours.line, topColor: colours.wash, bottomColor: "transparent" });
    } else {
      // Hollow candles rise and full ones fall. The colour only repeats that.
      const { up, down, ground } = colours;
      prices.applyOptions({
        upColor: ground,
        borderUpColor: up,
        wickUpColor: up,
        downColor: down,
        borderDownColor: down,
        wickDownColor: down,
      });
    }
    prices.applyOptions({ priceLineColor: colours.line });
    line?.applyOptions({ color: colours.text, axisLabelColor: colours.text, title: stocksTexts().chart.previousClose });
  }

  function setDecimals(places: number): void {
    decimals = places;
    prices.applyOptions({ priceFormat: { type: "price", precision: places, minMove: 10 ** -places } });
  }

  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", paint);
  paint();

  return {
    reset(candles) {
      const last = candles.at(-1);
      lastTime = last?.time ?? -Infinity;
      setDecimals(Math.max(...candles.map(({ close }) => decimalsOf(close)), 2));
      prices.setData(candles.map((candle) => pointOf(candle, step)));
      volumes.setData(candles.map(volumeOf));
      // A few candles are not stretched to the chart's width. Surplus candles begin to the left of
      // the chart.
      const shown = step === "second" ? Math.max(candles.length, 60) : Math.max(24, Math.floor(element.clientWidth / CANDLE_WIDTH));
      chart.timeScale().setVisibleLogicalRange({ from: candles.length - shown, to: candles.length + 3 });
    },
    update(candle) {
      if (candle.time < lastTime) return;
      lastTime = candle.time;
      if (decimalsOf(candle.close) > decimals) setDecimals(decimalsOf(candle.close));
      prices.update(pointOf(candle, step));
      volumes.update(volumeOf(candle));
    },
    compareWith(previousClose) {
      if (previousClose === line?.options().price) return;
      if (line !== undefined) prices.removePriceLine(line);
      line = undefined;
      if (previousClose === undefined) return;
      line = prices.createPriceLine({
        price: previousClose,
        lineWidth: 1,
        lineStyle: LineStyle.Dashed,
        title: stocksTexts().chart.previousClose,
      });
      paint();
    },
    repaint: paint,
    close() {
      dark.removeEventListener("change", paint);
      chart.remove();
    },
  };
}

/** Initial width of a candle and its gap, in pixels. */
const CANDLE_WIDTH = 8;

function pointOf({ time, open, high, low, close }: Candle, step: CandleStep): never {
  const at = time as UTCTimestamp;
  // The library types each kind of series on its own. The kind is known by the step alone.
  return (step === "second" ? { time: at, value: close } : { time: at, open, high, low, close }) as never;
}

function volumeOf({ time, volume }: Candle): { time: UTCTimestamp; value: number } {
  return { time: time as UTCTimestamp, value: volume };
}

interface Colours {
  readonly text: string;
  readonly grid: string;
  readonly ground: string;
  readonly line: string;
  readonly wash: string;
  readonly volume: string;
  readonly up: string;
  readonly down: string;
}

/** The page's own colours, because a canvas knows no custom properties. */
function readColours(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: of("ink-soft"),
    grid: of("line"),
    ground: of("surface"),
    line: of("water"),
    wash: of("chart-wash"),
    volume: of("chart-volume"),
    up: of("up"),
    down: of("down"),
  };
}

function applyColours(chart: IChartApi, { text, grid, line }: Colours): void {
  chart.applyOptions({
    layout: { background: { type: ColorType.Solid, color: "transparent" }, textColor: text },
    grid: { vertLines: { visible: false }, horzLines: { color: grid, style: LineStyle.Dotted } },
    crosshair: { vertLine: { color: text, labelBackgroundColor: line }, horzLine: { color: text, labelBackgroundColor: line } },
  });
}
