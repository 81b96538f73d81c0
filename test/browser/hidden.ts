import type { Page } from "playwright-core";

/** Makes a page believe that its tab is hidden, or shown again: a browser without a screen shows all of them. */
async function setVisibility(page: Page, state: "hidden" | "visible"): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { get: () => value, configurable: true });
    Object.defineProperty(document, "hidden", { get: () => value === "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

/** Hides a page's tab for so many seconds of the page's own clock, which takes no time. */
export async function hideFor(page: Page, seconds: number): Promise<void> {
  await page.clock.install();
  await setVisibility(page, "hidden");
  await page.clock.fastForward(seconds * 1000);
}

export async function show(page: Page): Promise<void> {
  await setVisibility(page, "visible");
}
