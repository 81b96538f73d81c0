import { fc } from "@fast-check/vitest";
import { memoryJournal } from "artesian";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHub } from "../../support/server.ts";
import { openStream, readStream, type TestStream } from "../../support/stream.ts";
import { bearer, exact, HUB_URL, mint, TRUSTING } from "../../support/tokens.ts";

/** Opens a stream that tells when each piece of it arrived. */
async function openTimed(url: string): Promise<{ readonly stream: TestStream; readonly writes: { at: number; text: string }[] }> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(url, { signal: controller.signal });
  const writes: { at: number; text: string }[] = [];
  const decoder = new TextDecoder();
  const watched = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, out) => {
        writes.push({ at: performance.now(), text: decoder.decode(chunk, { stream: true }) });
        out.enqueue(chunk);
      },
    }),
  );
  return { stream: readStream(new Response(watched ?? null), () => controller.abort()), writes };
}

const data = async (stream: TestStream, count: number): Promise<string[]> => (await stream.take(count)).map((event) => event.data);

describe("interval", () => {
  it("writes at most once in the time, at once after a pause, and leaves nothing out", async () => {
    const { hub, url } = await startHub();
    const { stream, writes } = await openTimed(`${url}?match=a&interval=200`);
    expect((await stream.nextOfAny()).event).toBe("hub:cursor");
    writes.length = 0;
    for (let i = 0; i < 60; i++) {
      await hub.publish({ topic: "a", data: String(i) });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await data(stream, 60)).toEqual(Array.from({ length: 60 }, (_, i) => String(i)));
    const first = writes[0];
    expect(first?.text).toMatch(/data: 0\n\n$/);
    const gaps = writes.slice(1).map(({ at }, i) => at - (writes[i]?.at ?? 0));
    // One that arrives late makes the next one seem early. An update each would be a gap of ten.
    const lasted = gaps.reduce((sum, gap) => sum + gap, 0);
    expect(lasted / gaps.length).toBeGreaterThan(100);
  });

  it("joins newcomers without a seam, each with its missing updates", async () => {
    const { hub, url } = await startHub();
    const first = await openStream(`${url}?match=a&interval=1000`);
    await hub.publish({ topic: "a", data: "0" });
    expect(await data(first, 1)).toEqual(["0"]);
    await hub.publish({ topic: "a", data: "1" });
    const second = await openStream(`${url}?match=a&interval=1000`);
    await hub.publish({ topic: "a", data: "2" });
    expect(hub.stats().cohorts).toBe(1);
    expect([await data(first, 2), await data(second, 1)]).toEqual([["1", "2"], ["2"]]);
    await hub.publish({ topic: "a", data: "3" });
    expect([await data(first, 1), await data(second, 1)]).toEqual([["3"], ["3"]]);
  });

  it("never skips waiting updates: not by a heartbeat, a renewal, or the hub's end", async () => {
    const { hub, url, origin } = await startHub({ ...TRUSTING, heartbeatMs: 100 });
    const token = await mint({ subscribe: [exact("a")], lifetimeSeconds: 5 });
    const stream = await openStream(`${url}?match=a&interval=60000`, { headers: bearer(token) });
    await hub.publish({ topic: "a", data: "0" });
    const { id } = await stream.next();
    await hub.publish({ topic: "a", data: "waits" });
    // Heartbeats go on meanwhile, and move no cursor.
    const seen = stream.comments.length;
    await expect.poll(() => stream.comments.length).toBeGreaterThan(seen + 3);
    const expiring = await stream.nextOfAny();
    expect(expiring.event).toBe("hub:expiring");
    const { subscriber } = JSON.parse(expiring.data) as { subscriber: string };
    const renewed = await fetch(`${origin}/.well-known/mercure/subscribers/${subscriber}`, {
      method: "POST",
      headers: bearer(await mint({ subscribe: [exact("a")] })),
    });
    expect(renewed.status).toBe(200);
    expect(await data(stream, 1)).toEqual(["waits"]);
    await hub.publish({ topic: "a", data: "last" });
    await hub.publish({ topic: "a", data: "very last" });
    const closing = hub.close();
    expect(await data(stream, 2)).toEqual(["last", "very last"]);
    await closing;
    expect(id).toMatch(/^#/);
  });

  it("writes early rather than hold much", async () => {
    const { hub, url } = await startHub();
    const stream = await openStream(`${url}?match=a&interval=3600000`);
    await hub.publish({ topic: "a", data: "first" });
    expect(await data(stream, 1)).toEqual(["first"]);
    const large = "x".repeat(100_000);
    for (let i = 0; i < 12; i++) await hub.publish({ topic: "a", data: large });
    expect((await data(stream, 11)).every((text) => text === large)).toBe(true);
  });

  it.each(["interval=9", "interval=3600001", "interval=soon", "interval=-1", "latest=yes", "last=1001", "last=x"])(
    "refuses %s",
    async (query) => {
      const { url } = await startHub();
      const response = await fetch(`${url}?match=a&${query}`);
      expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_pace" }]);
    },
  );
});

describe("latest", () => {
  it("leaves out an update that a newer one of the same canonical topic replaces", async () => {
    const { hub, url } = await startHub();
    const stream = await openStream(`${url}?match=*&latest=on&interval=2000`);
    await hub.publish({ topic: "z", data: "starts the interval" });
    expect(await data(stream, 1)).toEqual(["starts the interval"]);
    for (let i = 0; i < 10; i++) await hub.publishBatch(["a", "b", "c"].map((topic) => ({ topic: [topic, "all"], data: topic + i })));
    await hub.publish({ topic: "b", data: "b!" });
    expect(await data(stream, 3)).toEqual(["a9", "c9", "b!"]);
  });

  it("resumes with the newest of each topic, and a private one that may not be read hides nothing", async () => {
    const { hub, url } = await startHub();
    const first = await hub.publish({ topic: "start" });
    for (let i = 0; i < 2000; i++) await hub.publish({ topic: `t${i % 5}`, data: String(i) });
    await hub.publish({ topic: "t3", data: "secret", private: true });
    const stream = await openStream(`${url}?match=*&latest=on&last_event_id=${encodeURIComponent(first)}`);
    expect(await data(stream, 5)).toEqual(["1995", "1996", "1997", "1998", "1999"]);
    await hub.publish({ topic: "t0", data: "live" });
    expect(await data(stream, 1)).toEqual(["live"]);
  });
});

describe("last", () => {
  it("begins with the newest of each matcher, and goes on without a seam", async () => {
    const { hub, url } = await startHub();
    for (let i = 0; i < 3000; i++) await hub.publish({ topic: i % 10 === 0 ? "rare" : "busy", data: String(i) });
    const stream = await openStream(`${url}?match=rare&match=busy&last=3`);
    const publishing = hub.publish({ topic: "busy", data: "live" });
    expect(await data(stream, 7)).toEqual(["2970", "2980", "2990", "2997", "2998", "2999", "live"]);
    await publishing;
    const none = await openStream(`${url}?match=never&last=3`);
    await hub.publish({ topic: "never", data: "now" });
    expect(await data(none, 1)).toEqual(["now"]);
  });

  it("with latest begins with the newest of each topic", async () => {
    const { hub, url } = await startHub();
    for (let i = 0; i < 1000; i++) await hub.publish({ topic: `/quotes/${i % 7}`, data: String(i) });
    const stream = await openStream(`${url}?match_urlpattern=/quotes/:symbol&latest=on&last=1000`);
    expect(await data(stream, 7)).toEqual(["993", "994", "995", "996", "997", "998", "999"]);
    const few = await openStream(`${url}?match_urlpattern=/quotes/:symbol&latest=on&last=2`);
    expect(await data(few, 2)).toEqual(["998", "999"]);
  });

  it("has its part of the rights: nothing private, and no trace of it", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: true });
    await hub.publish({ topic: "a", data: "public" });
    for (let i = 0; i < 5; i++) await hub.publish({ topic: "a", data: `private ${i}`, private: true });
    expect(await data(await openStream(`${url}?match=a&last=2`), 1)).toEqual(["public"]);
    const headers = bearer(await mint({ subscribe: [exact("a")] }));
    expect(await data(await openStream(`${url}?match=a&last=2`, { headers }), 2)).toEqual(["private 3", "private 4"]);
  });

  it("counts without a cursor, or with a cursor that leads nowhere", async () => {
    const { hub, url } = await startHub({ journal: memoryJournal({ retention: { maxCount: 4 } }) });
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) ids.push(await hub.publish({ topic: "a", data: String(i) }));
    const known = await openStream(`${url}?match=a&last=1&last_event_id=${encodeURIComponent(ids[3] as string)}`);
    expect(await data(known, 2)).toEqual(["4", "5"]);
    const trimmed = await openStream(`${url}?match=a&last=1&last_event_id=${encodeURIComponent(ids[0] as string)}`);
    expect((await trimmed.nextOfAny()).event).toBe("hub:gap");
    expect(await data(trimmed, 1)).toEqual(["5"]);
    const all = await openStream(`${url}?match=a&last=1&last_event_id=earliest`);
    expect(await data(all, 4)).toEqual(["2", "3", "4", "5"]);
  });

  it("ends with a cursor to resume from, so that a connection that breaks after it loses nothing", async () => {
    const { hub, url } = await startHub();
    for (let i = 0; i < 5; i++) await hub.publish({ topic: i === 2 ? "a" : "b", data: String(i) });
    const stream = await openStream(`${url}?match=a&last=1`);
    expect((await stream.next()).data).toBe("2");
    const cursor = await stream.nextOfAny();
    expect(cursor.event).toBe("hub:cursor");
    stream.close();
    await hub.publish({ topic: "a", data: "missed" });
    const again = await openStream(`${url}?match=a&last=1&last_event_id=${encodeURIComponent(cursor.id ?? "")}`);
    expect(await data(again, 1)).toEqual(["missed"]);
  });
});

describe("last, exactly", () => {
  const named = (from: number, to: number): { topic: string; data: string }[] =>
    Array.from({ length: to - from + 1 }, (_, i) => ({ topic: "a", data: `v${from + i}` }));

  it.each(["", "&interval=50", "&latest=on", "&latest=on&interval=50"])(
    "counts what was published since the one before it, with %j",
    async (pace) => {
      const { hub, url } = await startHub();
      const begins = async (last: number): Promise<string[]> => {
        const stream = await openStream(`${url}?match=a&last=${last}${pace}`);
        const live = `live after ${last}`;
        const events: string[] = [];
        // The cursor after the snapshot: what follows is live.
        for (let event = await stream.nextOfAny(); event.event !== "hub:cursor"; event = await stream.nextOfAny()) events.push(event.data);
        await hub.publish({ topic: "a", data: live });
        expect(await data(stream, 1)).toEqual([live]);
        stream.close();
        return events;
      };
      await hub.publishBatch(named(1, 10));
      expect(await begins(1)).toEqual(["v10"]);
      await hub.publishBatch(named(11, 20));
      expect(await begins(1)).toEqual(["v20"]);
      await hub.publishBatch(named(21, 420));
      expect(await begins(3)).toEqual(pace.includes("latest") ? ["v420"] : ["v418", "v419", "v420"]);
    },
  );

  it("skips unreadable and expired updates, and counts those that an expired one hid", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: true });
    await hub.publishBatch(named(1, 5));
    const ended = await hub.publish({ topic: "a", data: "soon over", ttlMs: 1 });
    await hub.publish({ topic: "a", data: "private", private: true });
    await expect.poll(async () => (await hub.explain(ended))?.isExpired).toBe(true);
    expect(await data(await openStream(`${url}?match=a&last=2`), 2)).toEqual(["v4", "v5"]);
    const lasting = await hub.publish({ topic: "a", data: "a little later over", ttlMs: 2000 });
    expect(await data(await openStream(`${url}?match=a&last=2`), 2)).toEqual(["v5", "a little later over"]);
    await expect.poll(async () => (await hub.explain(lasting))?.isExpired).toBe(true);
    expect(await data(await openStream(`${url}?match=a&last=2`), 2)).toEqual(["v4", "v5"]);
    expect(await data(await openStream(`${url}?match=a&last=2&latest=on`), 1)).toEqual(["v5"]);
  });
});

describe("a paced stream and the full one", () => {
  it("agree about the last state of every topic, for any updates and resumptions", async () => {
    const operation = fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant("publish" as const), topic: fc.nat(6), hidden: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("reconnect" as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("pause" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 80 }),
        fc.constantFrom("latest=on&interval=20", "interval=20", "latest=on"),
        async (operations, pace) => {
          const { hub } = await startHub({ journal: memoryJournal({ retention: { maxCount: 1000 } }) });
          const open = async (query: string): Promise<TestStream> =>
            readStream(
              await hub.fetch(new Request(`${HUB_URL.replace("hub.example", "localhost").replace("https", "http")}?match=*&${query}`)),
              () => undefined,
            );
          const full = await open("");
          let paced = await open(pace);
          const states = [new Map<string, string>(), new Map<string, string>()] as const;
          let lastId = "";
          const note = (state: Map<string, string>, text: string): boolean => {
            const { topic, n } = JSON.parse(text) as { topic: string; n: string };
            state.set(topic, n);
            return topic === "end";
          };
          let n = 0;
          for (const one of operations) {
            if (one.kind === "publish")
              await hub.publish({
                topic: `t${one.topic}`,
                data: JSON.stringify({ topic: `t${one.topic}`, n: String(n++) }),
                private: one.hidden,
              });
            else if (one.kind === "pause") await new Promise((resolve) => setTimeout(resolve, 25));
            else {
              await hub.publish({ topic: "mark", data: JSON.stringify({ topic: "mark", n: String(n++) }) });
              for (;;) {
                const event = await paced.next();
                lastId = event.id ?? lastId;
                note(states[1], event.data);
                if (states[1].get("mark") === String(n - 1)) break;
              }
              paced.close();
              await hub.publish({ topic: "t0", data: JSON.stringify({ topic: "t0", n: String(n++) }) });
              paced = await open(`${pace}&last_event_id=${encodeURIComponent(lastId)}`);
            }
          }
          await hub.publish({ topic: "end", data: JSON.stringify({ topic: "end", n: "end" }) });
          for (const [stream, state] of [
            [full, states[0]],
            [paced, states[1]],
          ] as const) {
            while (!note(state, (await stream.next()).data));
          }
          await hub.close();
          expect(Object.fromEntries(states[1])).toEqual(Object.fromEntries(states[0]));
        },
      ),
      { numRuns: 60, seed: 20260901 },
    );
  });
});
