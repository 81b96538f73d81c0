import { memoryJournal } from "artesian/journals/memory";
import { subscribe } from "artesian-client";
import { describe, expect, test } from "vitest";
import { openStream, type TestStream } from "../../support/stream.ts";
import { scripted, shortStream, stream as streamOf } from "../../client/server.ts";
import { bearer, dataUntilEnd, follow, startOpen, startSecured, subscriber } from "./support.ts";
import type { TestHub } from "../../support/server.ts";

/** Publishes `1` to `count`, each with its number as its id. */
async function fill({ hub }: TestHub, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) await hub.publish({ topic: "a", data: String(i), id: String(i) });
}

const from = (started: TestHub, id: string, headers: Record<string, string> = {}): Promise<TestStream> =>
  openStream(`${started.url}?${new URLSearchParams({ match: "a", last_event_id: id })}`, { headers });
const cursorOf = ({ response }: TestStream): string | null => response.headers.get("mercure-last-event-id");
const dataOf = async (stream: TestStream, count: number): Promise<readonly string[]> => (await stream.take(count)).map(({ data }) => data);

describe("Reconnection, State Reconciliation, and Event Sourcing", () => {
  test("REC-01: every update that is sent has an id, live and replayed", async () => {
    const started = await startOpen();
    const live = await openStream(`${started.url}?match=a`);
    const ids = [await started.hub.publish({ topic: "a" }), await started.hub.publish({ topic: "a", id: "mine" })];
    for (const stream of [live, await from(started, "earliest")]) expect((await stream.take(2)).map(({ id }) => id)).toEqual(ids);
  });

  test("REC-02: the cursor is taken from the query", async () => {
    const started = await startOpen();
    await fill(started, 3);
    expect(await dataOf(await from(started, "1"), 2)).toEqual(["2", "3"]);
  });

  test("REC-03: the cursor in the header comes before the one in the query", async () => {
    const started = await startOpen();
    await fill(started, 3);
    const stream = await from(started, "1", { "Last-Event-ID": "2" });
    expect([cursorOf(stream), await dataOf(stream, 1)]).toEqual(["2", ["3"]]);
  });

  test("REC-04: everything after the cursor is sent, then what is new, without a seam", async () => {
    const started = await startOpen();
    await fill(started, 1200);
    const stream = await from(started, "100");
    const more = Array.from({ length: 100 }, (_, i) => started.hub.publish({ topic: "a", data: String(1201 + i) }));
    await Promise.all(more);
    expect(await dataOf(stream, 1200)).toEqual(Array.from({ length: 1200 }, (_, i) => String(101 + i)));
  });

  test("REC-05: what is replayed is judged by the token of now", async () => {
    const { hub, url } = await startSecured();
    for (const topic of ["a", "b", "c"]) await hub.publish({ topic, data: topic, private: true });
    await hub.publish({ topic: "END", data: "END" });
    for (const topic of ["a", "b"]) {
      const stream = await follow(url, "match=*&last_event_id=earliest", { headers: bearer(subscriber(topic)) });
      expect(await dataUntilEnd(stream)).toEqual([topic]);
    }
  });

  test("REC-06: a private update is not replayed to who had the right once", async () => {
    const { hub, url } = await startSecured({ anonymous: true });
    const before = await openStream(`${url}?match=*`, { headers: bearer(subscriber("a")) });
    const first = await hub.publish({ topic: "b", data: "public" });
    await hub.publish({ topic: "a", data: "secret", private: true });
    await hub.publish({ topic: "END", data: "END" });
    expect(await dataUntilEnd(before)).toEqual(["public", "secret"]);
    for (const headers of [{}, bearer(subscriber("b"))]) {
      const after = await openStream(`${url}?${new URLSearchParams({ match: "*", last_event_id: first })}`, { headers });
      expect(await dataUntilEnd(after)).toEqual([]);
    }
  });

  test("REC-15: ids of sensitive updates tell nothing of their order, where the operator asks for it", async () => {
    const started = await startOpen({ opaqueIds: "a secret that no subscriber ever gets to see" });
    const ids: string[] = [];
    for (let i = 0; i < 64; i++) ids.push(await started.hub.publish({ topic: "a", data: String(i), private: i % 2 === 1 }));
    expect(new Set(ids.map((id) => id.length)).size).toBe(1);
    expect(new Set(ids).size).toBe(64);
    // Neighbours have nothing in common: by chance, some of the 22 characters are the same.
    const alike = ids.slice(1).map((id, i) => id.split("").filter((character, at) => at > 0 && character === ids[i]?.[at]).length);
    expect(Math.max(...alike)).toBeLessThan(8);
    expect(ids.toSorted()).not.toEqual(ids);
    const stream = await from(started, ids[10] as string);
    expect(await dataOf(stream, 3)).toEqual(["12", "14", "16"]);
  });

  test("REC-16: a cursor whose update may not be read, or not any more, is a place like any other", async () => {
    const { hub, url } = await startSecured({ anonymous: true });
    await hub.publish({ topic: "a", data: "before" });
    await hub.publish({ topic: "a", data: "secret", id: "theirs", private: true });
    await hub.publish({ topic: "a", data: "after" });
    await hub.publish({ topic: "a", data: "secret, too", private: true });
    await hub.publish({ topic: "END", data: "END" });
    for (const [headers, expected] of [
      [{}, ["after"]],
      [bearer(subscriber("b")), ["after"]],
      [bearer(subscriber("a")), ["after", "secret, too"]],
    ] as const) {
      const stream = await openStream(`${url}?match=*&last_event_id=theirs`, { headers });
      const events = [await stream.nextOfAny()];
      while (events.at(-1)?.data !== "END") events.push(await stream.nextOfAny());
      expect([cursorOf(stream), events.map(({ data }) => data)]).toEqual(["theirs", [...expected, "END"]]);
    }
  });

  test("REC-07: the cursor earliest asks for everything that is held", async () => {
    const started = await startOpen();
    await fill(started, 3);
    const stream = await from(started, "earliest");
    expect([cursorOf(stream), await dataOf(stream, 3)]).toEqual(["earliest", ["1", "2", "3"]]);
  });

  test("REC-08: an id that was used again stands for its first update", async () => {
    const started = await startOpen();
    for (const [data, id] of [
      ["1", "x"],
      ["2", "again"],
      ["3", "y"],
      ["4", "again"],
      ["5", "z"],
    ] as const) {
      await started.hub.publish({ topic: "a", data, id });
    }
    const stream = await from(started, "again");
    expect((await stream.next()).data).toBe("3");
    // Whoever reads: also one that may not read the first.
    await started.hub.publish({ topic: "a", data: "6", id: "hidden", private: true });
    for (const [data, id] of Object.entries({ 7: "m", 8: "hidden", 9: "end" })) await started.hub.publish({ topic: "a", data, id });
    const stranger = await from(started, "hidden");
    expect([cursorOf(stranger), await dataOf(stranger, 3)]).toEqual(["hidden", ["7", "8", "9"]]);
  });

  test("REC-09: after such an id everything follows, the update that used it again too", async () => {
    const started = await startOpen();
    for (const data of ["1", "2", "3"]) await started.hub.publish({ topic: "a", data, id: "same" });
    await started.hub.publish({ topic: "a", data: "4", id: "other" });
    const stream = await from(started, "same");
    expect((await stream.take(3)).map(({ id, data }) => [id, data])).toEqual([
      ["same", "2"],
      ["same", "3"],
      ["other", "4"],
    ]);
  });

  test("REC-10: old updates may be discarded, which is told", async () => {
    const started = await startOpen({ journal: memoryJournal({ retention: { maxCount: 2 } }) });
    await fill(started, 4);
    const stream = await from(started, "1");
    expect(cursorOf(stream)).toBe("earliest");
    expect((await stream.nextOfAny()).event).toBe("hub:gap");
    expect(await dataOf(stream, 2)).toEqual(["3", "4"]);
  });

  test("REC-11: the answer to a request with a cursor has Mercure-Last-Event-ID", async () => {
    const started = await startOpen();
    await fill(started, 2);
    for (const id of ["1", "2", "earliest", "unknown", "#AAAAAAAA:1"]) expect(cursorOf(await from(started, id))).not.toBeNull();
    const byHeader = await openStream(`${started.url}?match=a`, { headers: { "Last-Event-ID": "1" } });
    expect(cursorOf(byHeader)).toBe("1");
    const without = await openStream(`${started.url}?match=a`);
    expect([without.response.headers.has("mercure-last-event-id"), without.response.headers.has("last-event-id")]).toEqual([false, false]);
  });

  test("REC-12: its value is the id before the first event that is sent, or earliest where there is none", async () => {
    const started = await startOpen();
    expect(cursorOf(await from(started, "earliest"))).toBe("earliest");
    expect(cursorOf(await from(started, "unknown"))).toBe("earliest");
    await fill(started, 3);
    const own = await started.hub.publish({ topic: "a", data: "4" });
    for (const id of ["1", "3", own]) expect(cursorOf(await from(started, id))).toBe(id);
    const unknown = await from(started, "unknown");
    expect([cursorOf(unknown), await dataOf(unknown, 4)]).toEqual(["earliest", ["1", "2", "3", "4"]]);
  });

  test("REC-13: streams are told how long to wait before they reconnect", async () => {
    const { url } = await startOpen({ retryMs: { min: 1500, max: 1500 } });
    const stream = await openStream(`${url}?match=a`);
    await stream.nextOfAny();
    expect(stream.retries).toEqual([1500]);
  });
});

describe("Clients", () => {
  test("CLI-01: the client reconnects with the id of the last event in Last-Event-ID", async () => {
    const server = await scripted(shortStream("retry: 1\n", "id: é 1\ndata: 1\n\n"), streamOf("id: 2\ndata: 2\n\n"));
    const received: string[] = [];
    for await (const { data } of subscribe(server.url, { match: "a", retryMs: 1 })) if (received.push(data) === 2) break;
    expect(received).toEqual(["1", "2"]);
    expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, Buffer.from("é 1").toString("latin1")]);
  });

  test("CLI-02: the client sends the id that discovery gave with its first request", async () => {
    const { hub, url } = await startOpen();
    const id = await hub.publish({ topic: "a", data: "rendered" });
    await hub.publish({ topic: "a", data: "since then" });
    for await (const { data } of subscribe(url, { match: "a", lastEventId: id })) {
      expect(data).toBe("since then");
      break;
    }
  });

  test("CLI-03: the client sends its token in the Authorization field only", async () => {
    const server = await scripted(streamOf("id: 1\ndata: 1\n\n"));
    for await (const _ of subscribe(server.url, { match: "a", token: "the-token" })) break;
    const [request] = server.requests;
    expect(request?.headers.authorization).toBe("Bearer the-token");
    expect(request?.url).not.toContain("the-token");
  });

  test("CLI-04: the client encodes matchers as a form does", async () => {
    const { hub, url } = await startOpen();
    const topic = "a&b=c+d;e%20f é#";
    const events = subscribe(url, { match: topic, lastEventId: "earliest" });
    await hub.publish({ topic, data: "exactly" });
    for await (const { data } of events) {
      expect(data).toBe("exactly");
      break;
    }
  });
});
