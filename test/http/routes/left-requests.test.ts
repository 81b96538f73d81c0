import { createHub } from "artesian";
import { expect, onTestFinished, test } from "vitest";

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const PATTERNS = 100;

/** The statuses of requests whose clients leave when all have begun. */
async function statuses(count: number, method: string, bodyOf: (i: number) => string): Promise<readonly number[]> {
  const hub = createHub({
    anonymous: true,
    anonymousPublish: true,
    connectionsPerSecond: Infinity,
    limits: { patternsPerAddress: 10_000 },
  });
  onTestFinished(() => hub.close());
  const left = new AbortController();
  const url = "http://localhost/.well-known/mercure";
  const answers = Array.from({ length: count }, (_, i) =>
    hub.fetch(new Request(url, { method, headers: FORM, body: bodyOf(i), signal: left.signal })),
  );
  // Bodies come in later turns.
  await new Promise((resolve) => setImmediate(resolve));
  left.abort();
  return (await Promise.all(answers)).map(({ status }) => status);
}

const patterns = (i: number): string =>
  Array.from({ length: PATTERNS }, (_, j) => `match_urlpattern=${encodeURIComponent(`/${i}/:a${j}/(.*a.*b)`)}`).join("&");

test("the patterns of a client that has left are not compiled to the end", async () => {
  const found = await statuses(20, "QUERY", patterns);
  expect(found.filter((status) => status === 200).length).toBeLessThan(5);
  expect(found.at(-1)).toBe(400);
});

test("an update of a client that has left is published", async () => {
  expect(await statuses(20, "POST", (i) => `topic=a&data=${"%20".repeat(200_000)}${i}`)).toEqual(Array.from({ length: 20 }, () => 200));
});
