import { memoryJournal } from "artesian/journals/memory";
import { expect, it } from "vitest";
import { HubCore } from "../../../packages/hub/src/core/hub-core.ts";
import { updateOf } from "../support.ts";

/** Time that a read takes, in milliseconds. */
const READ_MS = 5;

it("a search through large updates lets others have their turn after each read", async () => {
  const journal = memoryJournal();
  const data = "x".repeat(900_000);
  await journal.append(Array.from({ length: 60 }, () => updateOf(["a"], data)));
  const read = journal.read.bind(journal);
  let reads = 0;
  /** Reads since others had their turn. */
  let inOneTurn = 0;
  let mostInOneTurn = 0;
  journal.read = async (...range) => {
    reads += 1;
    inOneTurn += 1;
    mostInOneTurn = Math.max(mostInOneTurn, inOneTurn);
    const found = await read(...range);
    for (const untilMs = performance.now() + READ_MS; performance.now() < untilMs;);
    return found;
  };
  const hub = new HubCore({ journal, drainMs: 5 });
  const done = new AbortController();
  const watching = (async (): Promise<void> => {
    while (!done.signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve));
      inOneTurn = 0;
    }
  })();
  const selection = hub.readers.select([{ type: "exact", pattern: "a" }], undefined, { pace: { intervalMs: 0, latest: false } });
  const { early } = await hub.readers.resolve(undefined, selection, 50);
  done.abort();
  await watching;
  expect([...(early?.next()?.keys() ?? [])]).toEqual(Array.from({ length: 50 }, (_, i) => i + 11));
  expect(reads).toBeGreaterThan(20);
  // Without turns it is all of them.
  expect(mostInOneTurn).toBeLessThanOrEqual(3);
  await hub.close();
});
