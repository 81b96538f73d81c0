import { describe, expect, test } from "vitest";
import { startSite, usePages } from "../chat-site.ts";
import { enter, saying, texts } from "./talking.ts";

usePages();

/** More messages than a page keeps. */
const HELD = 600;
/** A lively room: 200 messages in 4 seconds. */
const ROUNDS = 40;
const PER_ROUND = 5;
const EVERY_MS = 100;
/** Most time in tasks of more than 50 ms, at a quarter of the speed. It was more than 25,000 ms. */
const MAX_LONG_MS = 8000;

describe("a lively room", () => {
  test("leaves the page free", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    for (let i = 1; i <= HELD; i++) await site.say(`held ${i}`);
    await saying(page, `held ${HELD}`).waitFor();
    const session = await page.context().newCDPSession(page);
    // As on a phone.
    await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await page.evaluate(() => {
      const long: number[] = [];
      Object.assign(globalThis, { long });
      new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    });
    const startedAt = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 1; i <= PER_ROUND; i++) await site.say(`lively ${round * PER_ROUND + i}`);
      await new Promise((resolve) => setTimeout(resolve, startedAt + (round + 1) * EVERY_MS - performance.now()));
    }
    await saying(page, `lively ${ROUNDS * PER_ROUND}`).waitFor();
    const long = await page.evaluate(() => (globalThis as unknown as { long: number[] }).long);
    await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
    expect(long.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(MAX_LONG_MS);
    const shown = await texts(page);
    expect(shown.slice(-200)).toEqual(Array.from({ length: 200 }, (_, i) => `lively ${i + 1}`));
    expect(shown.length).toBeLessThanOrEqual(550);
  });
});
