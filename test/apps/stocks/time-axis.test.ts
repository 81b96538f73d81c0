import { fc, test as property } from "@fast-check/vitest";
import { beforeEach, expect, test, vi } from "vitest";
import { ticksOf } from "../../../demo/src/stocks/page/time-axis.ts";

beforeEach(() => {
  vi.stubGlobal("location", { search: "?lang=en" });
  vi.stubGlobal("navigator", { languages: ["en"] });
});

const NOW = new Date(2026, 2, 2, 9, 30, 17).getTime() / 1000;

test.each([
  [60, 700, /^\d\d:\d\d:(00|15|30|45)$/],
  [600, 700, /^\d\d:\d\d$/],
  [600, 300, /^\d\d:\d\d$/],
  [36_000, 300, /^(\d\d:00|Mar 2)$/],
  [86_400, 700, /^(\d\d:00|Mar 2)$/],
  [604_800, 700, /^(Mar 1|Mar 2|Feb 2\d)$/],
  [31_622_400, 300, /^([A-Z][a-z]{2}|2026)$/],
])("%d seconds on %d px have whole ticks", (seconds, width, pattern) => {
  const ticks = ticksOf({ from: NOW - seconds, to: NOW, width });
  expect(ticks.length).toBeGreaterThanOrEqual(2);
  for (const { text } of ticks) expect(text).toMatch(pattern);
});

const spans = fc.integer({ min: 60, max: 31_622_400 });
const widths = fc.integer({ min: 200, max: 1600 });
property.prop([spans, widths, fc.integer({ min: 0, max: 40_000_000 })])(
  "ticks are in proportion, and none is cut or touches another",
  (span, width, ago) => {
    const [from, to] = [NOW - ago - span, NOW - ago];
    const ticks = ticksOf({ from, to, width });
    const places = ticks.map(({ x }) => x);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    for (const [index, { x, text }] of ticks.entries()) {
      const half = (text.length * 6.6) / 2;
      expect(x - half).toBeGreaterThanOrEqual(0);
      expect(x + half).toBeLessThanOrEqual(width);
      const next = ticks[index + 1];
      if (next !== undefined) expect(next.x - (next.text.length * 6.6) / 2).toBeGreaterThan(x + half);
      // Each stands at its own whole second: a minute, a day, a month.
      const time = from + (x / width) * span;
      expect(Math.abs(time - Math.round(time))).toBeLessThan(0.01);
      const { length } = text;
      if (span > 1800 && length === 5) expect(Math.round(time) % 60).toBe(0);
    }
  },
);
