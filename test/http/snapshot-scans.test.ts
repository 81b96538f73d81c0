import { createServer } from "node:http";
import { createHub, memoryJournal } from "artesian";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../support/server.ts";

const RECORDS = 30_000;
/** A scan reads pages of 500. */
const PAGES = RECORDS / 500;

/** A hub on a journal with many records, whose reads are counted and take a while. */
async function startCounted(snapshotScans: number) {
  const journal = memoryJournal({ retention: { maxCount: RECORDS } });
  const update = { topics: ["a"], data: "x", id: undefined, type: undefined, retry: undefined, private: false };
  await journal.append(Array.from({ length: RECORDS }, () => update));
  const read = journal.read.bind(journal);
  const counted = { reads: 0, atOnce: 0, mostAtOnce: 0 };
  journal.read = async (after, limits) => {
    // Beyond the tail is only asked how far the journal has come.
    if (after >= journal.tail()) return read(after, limits);
    counted.reads++;
    counted.mostAtOnce = Math.max(counted.mostAtOnce, ++counted.atOnce);
    await new Promise((resolve) => setTimeout(resolve, 2));
    counted.atOnce--;
    return read(after, limits);
  };
  const warnings: [object, string][] = [];
  const ignore = (): void => undefined;
  const logger = { debug: ignore, info: ignore, error: ignore, warn: (fields: object, text: string) => void warnings.push([fields, text]) };
  const hub = createHub({ journal, logger, limits: { snapshotScans }, drainMs: 100 });
  onTestFinished(() => hub.close());
  const url = `${await listen(createServer(hub.handler))}/events/stream`;
  /** Asks for what is not there, so that all is looked through. Resolves when the stream begins. */
  const ask = async (name: string, controller = new AbortController()): Promise<void> => {
    onTestFinished(() => controller.abort());
    expect((await fetch(`${url}?match=${name}&last=5`, { signal: controller.signal })).status).toBe(200);
  };
  return { ask, counted, warnings };
}

test("a client that leaves ends the look for what it asked for", async () => {
  const { ask, counted } = await startCounted(16);
  const controller = new AbortController();
  const left = ask("none", controller);
  await expect.poll(() => counted.reads).toBeGreaterThan(2);
  controller.abort();
  await expect(left).rejects.toThrow(/abort/);
  const before = counted.reads;
  // Takes as long as the first one would have.
  await ask("other");
  expect(counted.reads - before).toBeLessThan(PAGES + 20);
  expect(counted.reads).toBeGreaterThanOrEqual(PAGES);
});

test.each([1, 3])("no more than %d look at a time, others wait, and all are answered", async (most) => {
  const { ask, counted, warnings } = await startCounted(most);
  await Promise.all(Array.from({ length: 6 }, (_, i) => ask(`none${i}`)));
  expect(counted.mostAtOnce).toBe(most);
  expect(counted.reads).toBe(6 * PAGES);
  expect(warnings).toContainEqual([{ limit: most, count: 1 }, expect.stringContaining("snapshotScans") as string]);
});

test("one who leaves while it waits gives its place to the next", async () => {
  const { ask, counted } = await startCounted(1);
  const first = ask("none");
  await expect.poll(() => counted.reads).toBeGreaterThan(0);
  const controllers = Array.from({ length: 5 }, () => new AbortController());
  const left = controllers.map((controller, i) => ask(`left${i}`, controller));
  const last = ask("last");
  for (const controller of controllers) controller.abort();
  for (const one of left) await expect(one).rejects.toThrow(/abort/);
  await Promise.all([first, last]);
  expect(counted.reads).toBe(2 * PAGES);
});
