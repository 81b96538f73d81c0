import { type Hub, type Logger, memoryJournal } from "artesian";
import { EventSource } from "eventsource";
import { describe, expect, it, onTestFinished } from "vitest";
import { claimsNow, HUB, startSecured, token } from "../../protocol/requirements/support.ts";
import { from, listenForAnyAddress } from "../../support/addresses.ts";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { forge } from "../auth/support.ts";

const EVENTS = { Accept: "text/event-stream" };
const COOKIE = "__Secure-mercure_access_token";

interface Line {
  readonly fields: Record<string, unknown>;
  readonly text: string;
}

function recorder(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const ignore = (): void => undefined;
  const warn = (fields: object, text: string): void => void lines.push({ fields: { ...fields }, text });
  return { logger: { debug: ignore, info: ignore, warn, error: ignore }, lines };
}

const ENDS = "A request is refused. An EventSource does not come back by itself.";

describe("a request that is no subscription", () => {
  it("gets its status for any Accept, so that a refused DELETE does not look done", async () => {
    const { url, origin } = await startSecured();
    const ended = token({ exp: Date.now() / 1000 - 60 });
    const headers = { ...EVENTS, Cookie: `${COOKIE}=${ended}`, Origin: origin };
    const hub = `${origin}${new URL(HUB).pathname}`;
    expect((await fetch(`${hub}/scheduled/x`, { method: "DELETE", headers })).status).toBe(401);
    expect((await fetch(`${hub}/scheduled`, { headers })).status).toBe(401);
    expect((await fetch(`${url}?match=a`, { headers })).status).toBe(200);
  });
});

describe("an EventSource that the hub turns away", () => {
  it("is told in the stream to come back if its address has too many, and the log names the address", async () => {
    const { logger, lines } = recorder();
    const { hub } = await startHub({ connectionsPerAddress: 1, logger });
    const url = `${await listenForAnyAddress(hub)}/events/stream`;
    const held = await openStream(url, from("203.0.113.7"));
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(url, from("203.0.113.7", EVENTS));
      expect(answer.status).toBe(200);
      const text = await answer.text();
      const waitMs = Number(
        /^retry: (\d+)\nevent: hub:drain\ndata: \{"reconnectInMs":\1,"code":"too_many_connections"\}\n\n$/.exec(text)?.[1],
      );
      expect(waitMs, text).toSatisfy((ms: number) => ms >= 10_000 && ms <= 30_000);
    }
    // Others can read the status.
    expect((await fetch(url, from("203.0.113.7"))).status).toBe(429);
    expect(lines).toMatchObject([
      {
        fields: { code: "too_many_connections", status: 429, why: "203.0.113.7 has 1 open, the most that an address may.", count: 1 },
        text: expect.stringContaining("told in a stream"),
      },
      { fields: { code: "too_many_connections", status: 429, address: "203.0.113.7", count: 1 }, text: ENDS },
    ]);
    held.close();
    await expect.poll(() => hub.stats().subscribers).toBe(0);
    const later = await openStream(url, from("203.0.113.7", EVENTS));
    await hub.publish({ topic: "a", data: "x" });
    expect((await later.next()).data).toBe("x");
  });

  describe.each([
    ["an error", new Error("a bug")],
    ["a TypeError, as most mistakes in code are", new TypeError("undefined is not a function")],
  ])("since the hub has a fault, %s,", (_, fault) => {
    const serve = async (): Promise<{ hub: Hub; url: string; errors: Line[]; mend: () => void }> => {
      const journal = memoryJournal();
      let isBroken = true;
      const find = journal.find.bind(journal);
      journal.find = (id) => {
        if (isBroken) throw fault;
        return find(id);
      };
      const { logger, lines } = recorder();
      const errors: Line[] = [];
      const error = (fields: object, text: string): void => void errors.push({ fields: { ...fields }, text });
      const { hub, url } = await startHub({ journal, logger: { ...logger, error } });
      expect(lines).toEqual([]);
      return { hub, url: `${url}?match=a&last_event_id=x`, errors, mend: () => (isBroken = false) };
    };

    it("is told in the stream to come back, and the fault is logged as an error", async () => {
      const { url, errors } = await serve();
      for (let i = 0; i < 2; i++) {
        const answer = await fetch(url, { headers: EVENTS });
        expect(answer.status).toBe(200);
        const text = await answer.text();
        expect(text).toMatch(/^retry: \d{4}\nevent: hub:drain\ndata: \{"reconnectInMs":\d{4},"code":"internal"\}\n\n$/);
      }
      expect(errors).toMatchObject([{ fields: { err: fault, code: "internal", count: 1 } }]);
      // Others can read the status.
      const answer = await fetch(url);
      expect([answer.status, await answer.json()]).toMatchObject([500, { code: "internal" }]);
    });

    it("comes back by itself when the fault is mended", async () => {
      const { hub, url, mend } = await serve();
      const source = new EventSource(url);
      onTestFinished(() => source.close());
      const drained = new Promise((resolve) => source.addEventListener("hub:drain", resolve, { once: true }));
      const heard = new Promise<MessageEvent>((resolve) => source.addEventListener("message", resolve, { once: true }));
      await drained;
      mend();
      await expect.poll(() => hub.stats().subscribers, { timeout: 30_000 }).toBe(1);
      await hub.publish({ topic: "a", data: "x" });
      expect((await heard).data).toBe("x");
    });

    it("is told so by a handler of the Fetch API too", async () => {
      const { hub, url } = await serve();
      const answer = await hub.fetch(new Request(url, { headers: EVENTS }));
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("hub:drain")]);
    });
  });

  it("permanently is logged with the reason, once for each kind", async () => {
    const { logger, lines } = recorder();
    const { url } = await startSecured({ logger });
    const forged = forge({ claims: claimsNow(), key: "of nobody" });
    const foreign = token({ aud: "https://other.example" });
    for (let i = 0; i < 5; i++) {
      expect((await fetch(`${url}?match=a`, { headers: EVENTS })).status).toBe(401);
      expect((await fetch(`${url}?match=a`, { headers: { ...EVENTS, Cookie: `${COOKIE}=${foreign}` } })).status).toBe(401);
      expect((await fetch(`${url}?matchy=a`, { headers: { ...EVENTS, Cookie: `${COOKIE}=${token()}` } })).status).toBe(400);
      expect((await fetch(`${url}?match=a`, { headers: { ...EVENTS, Cookie: `${COOKIE}=${forged}` } })).status).toBe(401);
    }
    expect(lines).toMatchObject([
      { fields: { code: "unauthorized", status: 401, count: 1 }, text: ENDS },
      { fields: { audience: '"https://other.example"', count: 1 }, text: expect.stringContaining("made for another hub") },
      {
        fields: {
          code: "invalid_token",
          status: 401,
          why: `aud is "https://other.example"; it must contain this hub's resource identifier, "${HUB}".`,
        },
        text: ENDS,
      },
      { fields: { code: "unknown_matcher", status: 400 }, text: ENDS },
    ]);
    for (const value of [forged, foreign]) expect(JSON.stringify(lines)).not.toContain(value.split(".")[2]);
  });

  it("is not logged for another program, which can read the status", async () => {
    const { logger, lines } = recorder();
    const { url } = await startSecured({ logger });
    expect((await fetch(`${url}?match=a`)).status).toBe(401);
    expect((await fetch(`${url}?matchy=a`)).status).toBe(401);
    expect(lines).toEqual([]);
  });

  it("by its own browser is logged, because the page's origin is not listed", async () => {
    const { logger, lines } = recorder();
    const { origin, url } = await startHub({ logger, corsOrigins: ["https://app.example"] });
    for (const page of ["https://app.example", origin, "https://elsewhere.example", `https://${"long".repeat(200)}.example`]) {
      (await openStream(url, { headers: { ...EVENTS, Origin: page } })).close();
    }
    expect(lines).toMatchObject([{ fields: { origin: "https://elsewhere.example" }, text: expect.stringContaining("--cors-origin") }]);
  });
});
