import { describe, expect, it } from "vitest";
import { LogThrottle } from "../../packages/hub/src/core/log-throttle.ts";
import { SILENT } from "../../packages/hub/src/core/logger.ts";

interface Line {
  readonly fields: object;
  readonly text: string;
  readonly atMs: number;
}

function recorder(): { logger: typeof SILENT; lines: Line[]; has: (count: number) => Promise<void> } {
  const lines: Line[] = [];
  let wake = (): void => undefined;
  const logger = {
    ...SILENT,
    warn: (fields: object, text: string): void => {
      lines.push({ fields, text, atMs: performance.now() });
      wake();
    },
  };
  const has = async (count: number): Promise<void> => {
    while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { logger, lines, has };
}

describe("a log throttle", () => {
  it("writes the first of a kind at once, and the others as one line with their count", async () => {
    const { logger, lines, has } = recorder();
    const throttle = new LogThrottle(logger, 40);
    for (let i = 0; i < 1000; i++) throttle.warn("a", { i }, "text of a");
    throttle.warn("b", {}, "text of b");
    expect(lines).toMatchObject([
      { fields: { i: 0, count: 1 }, text: "text of a" },
      { fields: { count: 1 }, text: "text of b" },
    ]);
    await has(3);
    expect(lines[2]).toMatchObject({ fields: { i: 999, count: 999 }, text: "text of a" });
  });

  it("never writes two lines of a kind within the period, and counts each event once", async () => {
    const { logger, lines, has } = recorder();
    const throttle = new LogThrottle(logger, 30);
    let events = 0;
    const timer = setInterval(() => {
      events++;
      throttle.warn("a", {}, "text");
    }, 1);
    await has(4);
    clearInterval(timer);
    // Those since the last line follow in one more.
    const counted = (): number => lines.reduce((sum, { fields }) => sum + (fields as { count: number }).count, 0);
    await expect.poll(counted).toBe(events);
    for (const [i, line] of lines.slice(1).entries()) expect(line.atMs - (lines[i] as Line).atMs).toBeGreaterThanOrEqual(29);
  });
});
