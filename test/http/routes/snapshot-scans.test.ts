import { createHub, type Limits, memoryJournal } from "artesian";
import { expect, onTestFinished, test } from "vitest";
import { from, listenForAnyAddress } from "../../support/addresses.ts";

const RECORDS = 30_000;
/** A scan reads pages of 500. */
const PAGES = RECORDS / 500;

/** A hub on a journal with many records, whose reads are counted and take a while. */
async function startCounted(snapshotScans: number, limits: Partial<Limits> = {}) {
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
  const hub = createHub({ journal, logger, limits: { ...limits, snapshotScans }, drainMs: 100 });
  onTestFinished(() => hub.close());
  const url = `${await listenForAnyAddress(hub)}/events/stream`;
  const answer = (name: string, init: RequestInit): Promise<Response> => fetch(`${url}?match=${name}&last=5`, init);
  /** Asks for what is not there, so that all is looked through. Resolves when the stream begins. */
  const ask = async (name: string, controller = new AbortController(), address = "127.0.0.1"): Promise<void> => {
    onTestFinished(() => controller.abort());
    expect((await answer(name, { ...from(address), signal: controller.signal })).status).toBe(200);
  };
  return { answer, ask, counted, warnings };
}

test("a client that leaves ends its search", async () => {
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

test.each([
  [1, 1],
  [8, 2],
])("of %d places one address has no more than %d, others wait, and all are answered", async (places, most) => {
  const { ask, counted, warnings } = await startCounted(places);
  await Promise.all(Array.from({ length: 6 }, (_, i) => ask(`none${i}`)));
  expect(counted.mostAtOnce).toBe(most);
  expect(counted.reads).toBe(6 * PAGES);
  expect(warnings).toContainEqual([{ limit: places, count: 1 }, expect.stringContaining("snapshotScans") as string]);
});

test("a client that leaves while it waits gives its place to the next", async () => {
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

test("an address with many requests keeps no other one waiting", async () => {
  const { ask, counted } = await startCounted(1);
  const many = Array.from({ length: 8 }, (_, i) => ask(`none${i}`, undefined, "203.0.113.7"));
  await expect.poll(() => counted.reads).toBeGreaterThan(0);
  // The one that runs now, and then this one.
  await ask("other", undefined, "203.0.113.8");
  expect(counted.reads).toBeLessThan(4 * PAGES);
  await Promise.all(many);
});

test("a request for another address's pending search joins it at once", async () => {
  const { ask, counted } = await startCounted(1);
  const many = Array.from({ length: 8 }, (_, i) => ask(`none${i}`, undefined, "203.0.113.7"));
  const same = ask("same", undefined, "203.0.113.7");
  await expect.poll(() => counted.reads).toBeGreaterThan(0);
  await ask("same", undefined, "203.0.113.8");
  expect(counted.reads).toBeLessThan(5 * PAGES);
  await Promise.all([...many, same]);
  // It was looked for once.
  expect(counted.reads).toBe(9 * PAGES);
});

test("many requests for the same search take one place, and none in the queue", async () => {
  const { ask, counted } = await startCounted(1, { waitingScans: 1, waitingScansPerAddress: 1 });
  const first = ask("none");
  await expect.poll(() => counted.reads).toBeGreaterThan(0);
  await Promise.all([first, ...Array.from({ length: 20 }, () => ask("none")), ...Array.from({ length: 20 }, () => ask("same"))]);
  expect(counted.reads).toBe(2 * PAGES);
});

test("past the queue a request is told to come back, an EventSource in a stream", async () => {
  const { answer, ask, counted, warnings } = await startCounted(1, { waitingScansPerAddress: 1 });
  const first = ask("none", undefined, "203.0.113.7");
  await expect.poll(() => counted.reads).toBeGreaterThan(0);
  const late = Array.from({ length: 4 }, (_, i) => answer(`late${i}`, from("203.0.113.7", { Accept: "text/event-stream" })));
  const away = await Promise.race(late);
  expect([away.status, await away.text()]).toEqual([
    200,
    expect.stringMatching(/^retry: \d+\nevent: hub:drain\n.*"code":"overloaded"\}\n\n$/s),
  ]);
  expect(warnings).toContainEqual([
    expect.objectContaining({ code: "overloaded", why: expect.stringContaining("203.0.113.7: 1 subscriptions") as string }),
    expect.any(String),
  ]);
  // Others are served.
  await Promise.all([first, ask("other", undefined, "203.0.113.8")]);
  for (const { body } of await Promise.all(late)) if (body?.locked === false) await body.cancel();
});
