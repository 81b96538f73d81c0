import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/** Leaves garbage behind, tells how often it was collected within some seconds and what share of the heap is left, and ends by itself. */
const SCRIPT = `
  import { collectGarbage, trimHeapWhenIdle } from ${JSON.stringify(new URL("../../packages/hub/dist/cli/serve/heap-trim.js", import.meta.url).href)};
  let kept = [];
  for (let round = 0; round < 20; round++) kept = Array.from({ length: 100_000 }, (_, i) => ({ i, text: "text " + i }));
  kept.length = 0;
  const before = process.memoryUsage().heapTotal;
  const streams = Number(process.argv[1]);
  let times = 0;
  const stop = trimHeapWhenIdle(() => streams, () => {
    times++;
    collectGarbage();
  });
  setTimeout(() => {
    stop();
    console.log(JSON.stringify({ times, share: process.memoryUsage().heapTotal / before }));
  }, 6000);
`;

async function run(streams: number): Promise<{ times: number; share: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", SCRIPT, String(streams)], {
    timeout: 30_000,
  });
  return JSON.parse(stdout) as { times: number; share: number };
}

describe("the heap of an idle server", () => {
  it("is given back once after a wave of streams, and the process still ends by itself", async () => {
    const { times, share } = await run(1000);
    expect(times).toBe(1);
    expect(share).toBeLessThan(0.7);
  });

  it("is left alone where no wave came", async () => {
    expect((await run(999)).times).toBe(0);
  });
});
