import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { overflow, violations } from "../../chat-site.ts";
import { type LANGUAGES, PAGES, startDemo } from "../demo.ts";
import { openPage, settle } from "../profile.ts";

/** Widths of a phone and of a desktop that a page is loaded at, and the others that it is changed to. */
const WIDTHS: readonly (readonly [loaded: number, changed: number])[] = [
  [390, 320],
  [1280, 768],
];

/** Most that a page moves by itself. @see https://web.dev/articles/cls */
const MAX_SHIFT = 0.05;

const CHINESE = /\p{Script=Han}/u;

interface Shift {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources: readonly { readonly node: Node | null }[];
}

/** What a page has done with `watchShifts`. */
interface Watched {
  /** Sum of the layout shifts. */
  shifted: number;
  /** What moved. */
  moved: string[];
}

/** Sums up the layout shifts from before the first byte of a page. */
async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const state = globalThis as unknown as Watched;
    Object.assign(state, { shifted: 0, moved: [] });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as Shift[]) {
        if (entry.hadRecentInput) continue;
        state.shifted += entry.value;
        for (const { node } of entry.sources) {
          const html = (node as Element | null)?.outerHTML ?? node?.textContent ?? "";
          state.moved.push(`${Math.round(performance.now())} ms: ${html.slice(0, 200)}`);
        }
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

/**
 * Tests each page as it opens. A file for each language and scheme, because all of them take many
 * minutes, and files run side by side.
 */
export function testEveryPage(locale: (typeof LANGUAGES)[number], colorScheme: "light" | "dark"): void {
  test(`every page fits every width, moves nothing and is accessible in ${locale}, ${colorScheme}`, { timeout: 480_000 }, async () => {
    const origin = await startDemo();
    const faults: string[] = [];
    for (const path of PAGES) {
      const page = await openPage({ locale, colorScheme });
      await watchShifts(page);
      for (const [loaded, changed] of WIDTHS) {
        await page.setViewportSize({ width: loaded, height: 800 });
        await page.goto(origin + path);
        await settle(page, path);
        const { shifted, moved } = await page.evaluate(() => {
          const state = globalThis as unknown as Watched;
          return { shifted: state.shifted, moved: state.moved };
        });
        if (shifted > MAX_SHIFT) faults.push(`${path} at ${loaded}: shifted by ${shifted.toFixed(3)}: ${moved.join(" | ")}`);
        for (const violation of await violations(page)) faults.push(`${path} at ${loaded}: ${violation}`);
        for (const width of [loaded, changed]) {
          await page.setViewportSize({ width, height: 800 });
          for (const reducedMotion of ["reduce", "no-preference"] as const) {
            await page.emulateMedia({ reducedMotion });
            const wider = await overflow(page);
            if (wider > 0) faults.push(`${path} at ${width}, motion "${reducedMotion}": ${wider} px wider than the window`);
            const hidden = await page.evaluate(() => {
              const links = document.querySelector("[data-testid=app-bar] ul");
              return links === null ? 0 : links.scrollWidth - links.clientWidth;
            });
            if (hidden > 0) faults.push(`${path} at ${width}: ${hidden} px of the bar's links are out of sight`);
          }
        }
      }
      expect(await page.evaluate(() => document.documentElement.lang), path).toBe(path === "/docs/" ? "en" : locale.replace("-US", ""));
      const title = await page.title();
      if (path !== "/docs/" && CHINESE.test(title) !== (locale === "zh-CN")) faults.push(`${path}: its title is "${title}"`);
      await page.context().close();
    }
    expect(faults).toEqual([]);
  });
}
