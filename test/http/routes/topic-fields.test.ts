import { memoryJournal } from "artesian";
import { describe, expect, it, onTestFinished } from "vitest";
import { partitionedJournal } from "../../../packages/hub/src/journals/partitioned/index.ts";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { bearer, exact, mint, TRUSTING } from "../../support/tokens.ts";

/**
 * Reads the data and the topics of each update on a stream from its text, because parsers of
 * `EventSource` ignore the topics.
 */
async function openFields(url: string, init: RequestInit = {}): Promise<(count: number) => Promise<readonly (readonly string[])[]>> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(url, { ...init, signal: controller.signal });
  expect(response.status).toBe(200);
  let text = "";
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  };
  read().catch(() => undefined);
  const updates = (): readonly (readonly string[])[] =>
    text
      .split("\n\n")
      .slice(0, -1)
      .filter((event) => !event.includes("event: hub:"))
      .map((event) => [...event.matchAll(/^(?:data|topics): (.*)$/gm)].map(([, value]) => value as string));
  return async (count) => {
    await expect.poll(() => updates().length, { timeout: 20_000 }).toBe(count);
    return updates();
  };
}

describe("the topics of an update", () => {
  it("stand before its data if they are asked for, live and on replay", async () => {
    const { hub, url } = await startHub();
    const live = await openFields(`${url}?match_urlpattern=/:a&match=b&fields=topics`);
    const plain = await openFields(`${url}?match_urlpattern=/:a&match=b`);
    await hub.publish({ topic: ["/1", "é/2", "b"], data: "one" });
    await hub.publish({ topic: "b", data: "two", id: "own" });
    const expected = [
      ["/1", "é/2", "b", "one"],
      ["b", "two"],
    ];
    expect(await live(2)).toEqual(expected);
    expect(await plain(2)).toEqual([["one"], ["two"]]);
    const replay = await openFields(`${url}?match_urlpattern=/:a&match=b&fields=topics&last_event_id=earliest`);
    expect(await replay(2)).toEqual(expected);
    expect(await (await openFields(`${url}?match=b&last_event_id=earliest`))(2)).toEqual([["one"], ["two"]]);
    expect(await (await openFields(`${url}?match=b&fields=topics&last=5`))(2)).toEqual(expected);
  });

  it("of many updates in one write are each its own, in any format", async () => {
    const { hub, url } = await startHub();
    const readers = await Promise.all([
      openFields(`${url}?match=*&fields=topics`),
      openFields(`${url}?match=*&fields=topics`, { headers: { "accept-encoding": "gzip" } }),
      openFields(`${url}?match=*&fields=topics&interval=50`),
    ]);
    await hub.publishBatch(Array.from({ length: 50 }, (_, i) => ({ topic: `t${i}`, data: String(i) })));
    for (const read of readers) expect(await read(50)).toEqual(Array.from({ length: 50 }, (_, i) => [`t${i}`, String(i)]));
  });

  it("are only those of a private update that the token may read", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: true });
    const reader = async (topics: readonly string[], query: string): ReturnType<typeof openFields> =>
      openFields(`${url}?match=*&fields=topics${query}`, { headers: bearer(await mint({ subscribe: topics.map(exact) })) });
    const ada = await reader(["/ada"], "");
    const grace = await reader(["/grace"], "");
    const both = await reader(["/ada", "/grace"], "");
    const anonymous = await openFields(`${url}?match=*&fields=topics`);
    const updates = [
      { topic: ["/ada", "/grace"], data: "1", private: true },
      { topic: ["/grace"], data: "2", private: true },
      { topic: ["/ada", "/grace"], data: "3" },
    ];
    await hub.publishBatch(updates);
    const seen = {
      ada: [
        ["/ada", "1"],
        ["/ada", "/grace", "3"],
      ],
      grace: [
        ["/grace", "1"],
        ["/grace", "2"],
        ["/ada", "/grace", "3"],
      ],
      both: [
        ["/ada", "/grace", "1"],
        ["/grace", "2"],
        ["/ada", "/grace", "3"],
      ],
    };
    expect(await ada(2)).toEqual(seen.ada);
    expect(await grace(3)).toEqual(seen.grace);
    expect(await both(3)).toEqual(seen.both);
    expect(await anonymous(1)).toEqual([["/ada", "/grace", "3"]]);
    const earliest = "&last_event_id=earliest";
    expect(await (await reader(["/ada"], earliest))(2)).toEqual(seen.ada);
    expect(await (await reader(["/grace"], earliest))(3)).toEqual(seen.grace);
    expect(await (await reader(["/ada", "/grace"], earliest))(3)).toEqual(seen.both);
    expect(await (await reader(["/ada"], "&interval=20&last=10"))(2)).toEqual(seen.ada);
  });

  it("are there on a journal of partitions, and the cursor after them leads on", async () => {
    const { hub, url } = await startHub({ journal: await partitionedJournal(Array.from({ length: 3 }, () => memoryJournal())) });
    const live = await openFields(`${url}?match=*&fields=topics`);
    for (let i = 0; i < 9; i++) await hub.publish({ topic: `t${i}`, data: String(i), ...(i % 2 === 0 && { id: `own-${i}` }) });
    const expected = Array.from({ length: 9 }, (_, i) => [`t${i}`, String(i)]);
    expect((await live(9)).toSorted(([a = ""], [b = ""]) => a.localeCompare(b))).toEqual(expected);
    const stream = await openStream(`${url}?match=*&fields=topics&last_event_id=earliest`);
    const read = (await stream.take(9)).map(({ data }) => data);
    expect(new Set(read)).toEqual(new Set(expected.map(([, data]) => data)));
  });

  it("are passed over by parsers that do not know them", async () => {
    const { hub, url } = await startHub();
    const stream = await openStream(`${url}?match=*&fields=topics`);
    await hub.publish({ topic: ["a", "b"], data: "x", type: "t" });
    expect(await stream.next()).toMatchObject({ data: "x", event: "t" });
  });

  it("are the only further field that there is", async () => {
    const { url } = await startHub();
    const response = await fetch(`${url}?match=a&fields=everything`);
    expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_fields" }]);
  });
});
