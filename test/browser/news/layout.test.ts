import { describe, expect, test } from "vitest";
import { connection, overflow, visit } from "../chat-site.ts";
import { shiftsFromStart, startNews, titles, usePages } from "../news-site.ts";

usePages();

describe.each([
  ["en", 390],
  ["en", 1280],
  ["zh-CN", 390],
  ["zh-CN", 1280],
] as const)("the news in %s at %d px", (locale, width) => {
  test("shift by at most 0.05 while they open, and fit", async () => {
    const site = await startNews({ sample: true });
    const page = await visit(`${site.origin}/news`, { locale, viewport: { width, height: 844 } });
    await expect.poll(() => titles(page, "sample-culture")).toHaveLength(7);
    const shifts = await shiftsFromStart(page);
    await page.reload();
    await connection(page, "live");
    for (const name of ["sample", "sample-zh", "sample-science", "sample-culture"])
      await expect.poll(() => titles(page, name)).toHaveLength(7);
    await page.getByTestId("feeds-panel").waitFor();
    const { sum, sources } = await shifts();
    expect(sum, sources.join("\n")).toBeLessThanOrEqual(0.05);
    expect(await overflow(page)).toBe(0);
  });
});
