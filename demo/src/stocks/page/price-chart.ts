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
  LineSeries,
  LineStyle,
  PriceScaleMode,
  type SeriesType,
  type UTCTimestamp,
} from "lightweight-charts";
import { type Candle, CANDLE_STEPS } from "../server/wire.ts";
import { formatPercent, formatPrice } from "./format.ts";
import type { Range } from "./ranges.ts";
import { stocksTexts } from "./texts.ts";
import { type Tick, ticksOf } from "./time-axis.ts";

/** A drawn chart. */
export interface PriceChart {
  /** Shows these candles and no others. */
  reset(candles: readonly Candle[], decimals: number): void;
  /** Adds a candle at the end, or changes the last one. */
  update(candle: Candle, decimals: number): void;
  /** Shows a second price beside the first, both as percentages. Undefined shows the first alone. */
  compare(candles: readonly Candle[] | undefined): void;
  updateCompared(candle: Candle): void;
  /** Draws the line of the price that changes are told against. */
  tellAgainst(previousClose: number | undefined): void;
  /** Draws in the page's colours and language of now. */
  repaint(): void;
  close(): void;
}

export interface ChartOptions {
  readonly element: HTMLElement;
  readonly range: Range;
  /** Called with the labels of the time axis, which the page draws below the chart. */
  readonly onTicks: (ticks: readonly Tick[]) => void;
  /** Called with the time under the cursor, in seconds since 1970, or undefined without a cursor. */
  readonly onHover: (time: number | undefined) => void;
}

/** Room at the right of the newest candle, as a part of the range. */
const ROOM = 1 / 30;

/**
 * Draws prices in an element, at the size of the element. Volumes stand below. The time axis is in
 * proportion: a series without prices has a place for each span, also even if nothing was
 * traded.
 */
export function drawPrices({ element, range, onTicks, onHover }: ChartOptions): PriceChart {
  const step = CANDLE_STEPS[range.step];
  let decimals = 2;
  let isCompared = false;
  const chart = createChart(element, {
    // The licence's link stands at the end of the page.
    layout: { attributionLogo: false, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 },
    width: element.clientWidth,
    height: element.clientHeight,
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.1, bottom: 0.24 } },
    timeScale: { visible: false, minBarSpacing: 0.01, shiftVisibleRangeOnNewBar: false },
    localization: {
      priceFormatter: (price: number) => formatPrice(price, decimals),
      percentageFormatter: formatPercent,
    },
    crosshair: { mode: CrosshairMode.Magnet },
    handleScroll: false,
    handleScale: false,
  });
  const places = chart.addSeries(LineSeries, { visible: false, lastValueVisible: false, priceLineVisible: false });
  const prices: ISeriesApi<SeriesType> =
    range.kind === "line" ? chart.addSeries(AreaSeries, { lineWidth: 2 }) : chart.addSeries(CandlestickSeries);
  const compared = chart.addSeries(LineSeries, { lineWidth: 2, lineStyle: LineStyle.Solid, priceLineVisible: false });
  const volumes = chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false });
  volumes.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  volumes.applyOptions({ priceLineVisible: false });
  let line: IPriceLine | undefined;
  let previousClose: number | undefined;
  let frame = 0;
  /** First and last place, in seconds since 1970. */
  let [first, last] = [0, -Infinity];

  function paint(): void {
    const colours = readColours(element);
    applyColours(chart, colours);
    volumes.applyOptions({ color: colours.volume });
    compared.applyOptions({ color: colours.other });
    if (range.kind === "line") {
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
    drawAxis();
  }

  function setDecimals(count: number): void {
    if (count === decimals) return;
    decimals = count;
    prices.applyOptions({ priceFormat: { type: "price", precision: count, minMove: 10 ** -count } });
  }

  /** Makes places up to a time, and shows the range that ends there. */
  function extendTo(time: number): void {
    for (; last < time; last += step) places.update({ time: (last + step) as UTCTimestamp });
    show();
  }

  function show(): void {
    const shown = range.seconds / step;
    const to = (last - first) / step + 1 + shown * ROOM;
    chart.timeScale().setVisibleLogicalRange({ from: to - shown * (1 + ROOM), to });
    drawAxis();
    // Once the scale of prices is as wide as its labels.
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(drawAxis);
    });
  }

  function drawAxis(): void {
    if (last < first) return;
    const to = last + step + range.seconds * ROOM;
    // The axis ends where the scale of prices begins.
    const width = element.clientWidth - chart.priceScale("right").width();
    onTicks(ticksOf({ from: to - range.seconds * (1 + ROOM), to, width }));
  }

  const resized = new ResizeObserver(() => {
    chart.resize(element.clientWidth, element.clientHeight);
    if (last >= first) show();
  });
  resized.observe(element);
  chart.subscribeCrosshairMove(({ time, point }) => onHover(point === undefined || time === undefined ? undefined : Number(time)));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", paint);
  paint();

  return {
    reset(candles, count) {
      setDecimals(count);
      const end = candles.at(-1)?.time ?? Math.floor(Date.now() / 1000 / step) * step;
      first = Math.min(candles[0]?.time ?? end, end - Math.ceil(range.seconds / step) * step);
      last = end;
      const times = Array.from({ length: (last - first) / step + 1 }, (_, index) => ({ time: (first + index * step) as UTCTimestamp }));
      compared.setData([]);
      places.setData(times);
      prices.setData(candles.map((candle) => pointOf(candle, range)));
      volumes.setData(candles.map(volumeOf));
      show();
    },
    update(candle, count) {
      if (candle.time < last - range.seconds || last < first) return;
      setDecimals(count);
      if (candle.time > last) extendTo(candle.time);
      prices.update(pointOf(candle, range));
      volumes.update(volumeOf(candle));
    },
    compare(candles) {
      isCompared = candles !== undefined;
      chart.priceScale("right").applyOptions({ mode: isCompared ? PriceScaleMode.Percentage : PriceScaleMode.Normal });
      const since = first;
      compared.setData((candles ?? []).filter(({ time }) => time >= since && time <= last).map(closeOf));
    },
    updateCompared(candle) {
      if (candle.time < last - range.seconds || last < first) return;
      if (candle.time > last) extendTo(candle.time);
      compared.update(closeOf(candle));
    },
    tellAgainst(price) {
      if (price === previousClose && line !== undefined) return;
      previousClose = price;
      if (line !== undefined) prices.removePriceLine(line);
      line = undefined;
      if (price === undefined) return;
      line = prices.createPriceLine({ price, lineWidth: 1, lineStyle: LineStyle.Dashed, title: stocksTexts().chart.previousClose });
      paint();
    },
    repaint: paint,
    close() {
      dark.removeEventListener("change", paint);
      resized.disconnect();
      cancelAnimationFrame(frame);
      chart.remove();
    },
  };
}

function pointOf({ time, open, high, low, close }: Candle, { kind }: Range): never {
  const at = time as UTCTimestamp;
  // The library types each kind of series on its own. The kind is known by the range alone.
  return (kind === "line" ? { time: at, value: close } : { time: at, open, high, low, close }) as never;
}

function closeOf({ time, close }: Candle): { time: UTCTimestamp; value: number } {
  return { time: time as UTCTimestamp, value: close };
}

function volumeOf({ time, volume }: Candle): { time: UTCTimestamp; value: number } {
  return { time: time as UTCTimestamp, value: volume };
}

interface Colours {
  readonly text: string;
  readonly grid: string;
  readonly ground: string;
  readonly line: string;
  readonly other: string;
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
    other: of("clay"),
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
