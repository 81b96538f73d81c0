import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { HubError, memoryJournal, type Matcher } from "artesian";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startHub, type TestHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { bearer, exact, HUB_URL, ISSUER, mint, TRUSTING } from "../../support/tokens.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { LATE_MS } from "../../support/clock.ts";

const HUB_PATH = "/.well-known/mercure";
const ADMIN = exact(`${HUB_PATH}/admin`);
const ALL = exact("*");

const start = (options: Parameters<typeof startHub>[0] = {}): Promise<TestHub> => startHub({ ...TRUSTING, ...options });

async function revoke(origin: string, form: Record<string, string>, publish: readonly Matcher[] = [ADMIN]): Promise<Response> {
  return fetch(`${origin}${HUB_PATH}/revocations`, {
    method: "POST",
    body: new URLSearchParams(form),
    headers: bearer(await mint({ publish, subject: "admin" })),
  });
}

async function list(origin: string): Promise<Response> {
  return fetch(`${origin}${HUB_PATH}/revocations`, { headers: bearer(await mint({ publish: [ADMIN], subject: "admin" })) });
}

describe("revoking", () => {
  it("by jti ends that token's streams at once, refuses it from then on, and no other", async () => {
    const { hub, url, origin } = await start();
    const [bad, good] = await Promise.all(["bad", "good"].map((tokenId) => mint({ subscribe: [ALL], publish: [ALL], tokenId })));
    const victim = await openStream(url, { headers: bearer(bad as string) });
    const other = await openStream(url, { headers: bearer(good as string) });
    const response = await revoke(origin, { jti: "bad" });
    expect([response.status, await response.text()]).toEqual([204, ""]);
    await victim.ended;
    for (const init of [{}, { method: "POST", body: new URLSearchParams({ topic: "a" }) }]) {
      const refused = await fetch(url, { ...init, headers: bearer(bad as string) });
      expect([refused.status, await refused.json()]).toMatchObject([401, { code: "invalid_token" }]);
    }
    await hub.publish({ topic: "a", data: "still here", private: true });
    expect((await other.next()).data).toBe("still here");
  });

  it("that can't be read refuse all tokens at once, and requests that wait for them, until they are read", async () => {
    const journal = memoryJournal();
    const { state } = journal;
    if (state === undefined) throw new Error("The journal has no shared table.");
    const entries = state.entries.bind(state);
    let fail: (error: Error) => void = () => undefined;
    const first = new Promise<never>((_, reject) => (fail = reject));
    first.catch(() => undefined);
    const away = vi.spyOn(state, "entries").mockImplementation(() => first);
    const { url, origin } = await start({ journal });
    const headers = bearer(await mint({ subscribe: [ALL], publish: [ALL] }));
    const publish = (): Promise<Response> => fetch(url, { method: "POST", body: new URLSearchParams({ topic: "a" }), headers });
    const waits = publish();
    await sleep(100);
    fail(new HubError("journal_unavailable", "The journal is away."));
    for (const refused of [await waits, await publish(), await list(origin)]) {
      expect([refused.status, await refused.json()]).toMatchObject([503, { code: "journal_unavailable" }]);
      expect(refused.headers.get("retry-after")).toBe("1");
    }
    // An `EventSource` would stop at a 503.
    expect(await (await fetch(url, { headers: { ...headers, accept: "text/event-stream" } })).text()).toContain("event: hub:drain");
    away.mockImplementation(entries);
    await expect.poll(async () => (await publish()).status).toBe(200);
    expect((await list(origin)).status).toBe(200);
  });

  it("is logged with the administrator, and so is a refused attempt", async () => {
    const lines: [string, object, string][] = [];
    const write =
      (level: string) =>
      (fields: object, text: string): void =>
        void lines.push([level, fields, text]);
    const { hub, origin } = await start({
      logger: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
    });
    expect((await revoke(origin, { jti: "bad" })).status).toBe(204);
    await hub.revoke({ issuer: ISSUER, subject: "mallory", until: 2e12 });
    for (let i = 0; i < 3; i++) expect((await revoke(origin, { jti: "bad" }, [ALL])).status).toBe(403);
    expect(lines).toEqual([
      [
        "info",
        {
          issuer: ISSUER,
          tokenId: "bad",
          until: undefined,
          by: { issuer: ISSUER, subject: "admin", tokenId: expect.any(String) as string },
        },
        "tokens are revoked",
      ],
      ["info", { issuer: ISSUER, subject: "mallory", until: 2e12, by: undefined }, "tokens are revoked"],
      ["warn", expect.objectContaining({ code: "insufficient_scope", count: 1 }), "An administrator's request is refused."],
    ]);
  });

  it("by sub ends all its streams, but accepts a token that is issued later", async () => {
    const { url, origin } = await start();
    const old = await mint({ subscribe: [ALL], subject: "mallory" });
    const streams = [await openStream(url, { headers: bearer(old) }), await openStream(url, { headers: bearer(old) })];
    expect((await revoke(origin, { sub: "mallory" })).status).toBe(204);
    await Promise.all(streams.map(({ ended }) => ended));
    expect((await fetch(url, { headers: bearer(old) })).status).toBe(401);
    expect((await fetch(url, { headers: bearer(await mint({ subscribe: [ALL], subject: "alice" })), method: "HEAD" })).status).toBe(200);
    // `iat` has whole seconds: one that begins after the revocation.
    await expect
      .poll(
        async () => (await fetch(url, { headers: bearer(await mint({ subscribe: [ALL], subject: "mallory" })), method: "HEAD" })).status,
      )
      .toBe(200);
  });

  it("is listed, the newest first, and can be withdrawn: the tokens are accepted again", async () => {
    const lines: [object, string][] = [];
    const ignore = (): void => undefined;
    const logger = { debug: ignore, warn: ignore, error: ignore, info: (fields: object, text: string) => void lines.push([fields, text]) };
    const { url, origin } = await start({ logger });
    const admin = bearer(await mint({ publish: [ADMIN], subject: "admin" }));
    const all = `${origin}${HUB_PATH}/revocations`;
    const token = await mint({ subscribe: [ALL], tokenId: "J", subject: "S" });
    const status = async (): Promise<number> => (await fetch(url, { headers: bearer(token), method: "HEAD" })).status;
    const list = async (): Promise<{ id: string }[]> =>
      ((await (await fetch(all, { headers: admin })).json()) as { revocations: { id: string }[] }).revocations;
    expect(await list()).toEqual([]);
    await revoke(origin, { jti: "J" });
    await revoke(origin, { sub: "S", exp: "4102444800" });
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;
    const id = expect.stringMatching(/^[\da-f]{64}$/) as string;
    const [bySubject, byId] = await list();
    expect([bySubject, byId]).toEqual([
      { id, iss: ISSUER, sub: "S", at, exp: 4_102_444_800 },
      { id, iss: ISSUER, jti: "J", at },
    ]);
    for (const one of [byId, bySubject]) {
      expect(await status()).toBe(401);
      expect((await fetch(`${all}/${one?.id}`, { method: "DELETE", headers: admin })).status).toBe(204);
    }
    expect(await status()).toBe(200);
    expect(await list()).toEqual([]);
    expect((await fetch(`${all}/${byId?.id}`, { method: "DELETE", headers: admin })).status).toBe(404);
    for (const init of [{}, { headers: bearer(await mint({ publish: [ALL] })) }]) {
      expect([401, 403]).toContain((await fetch(all, init)).status);
      expect([401, 403]).toContain((await fetch(`${all}/${byId?.id}`, { ...init, method: "DELETE" })).status);
    }
    expect(lines.filter(([, text]) => text === "a revocation is withdrawn")).toMatchObject(
      [
        [{ tokenId: "J", by: { subject: "admin" } }, ""],
        [{ subject: "S", by: { subject: "admin" } }, ""],
      ].map(([fields]) => [fields, "a revocation is withdrawn"]),
    );
  });

  it("is withdrawn in every process of the journal, also where it was read long ago", async () => {
    const journal = memoryJournal();
    const hubs = [await start({ journal }), await start({ journal })] as const;
    const token = await mint({ subscribe: [ALL], tokenId: "J" });
    const status = async ({ url }: TestHub): Promise<number> => (await fetch(url, { headers: bearer(token), method: "HEAD" })).status;
    await revoke(hubs[0].origin, { jti: "J" });
    for (const hub of hubs) await expect.poll(() => status(hub)).toBe(401);
    const admin = bearer(await mint({ publish: [ADMIN] }));
    const all = `${hubs[1].origin}${HUB_PATH}/revocations`;
    const { revocations } = (await (await fetch(all, { headers: admin })).json()) as { revocations: { id: string }[] };
    await fetch(`${all}/${revocations[0]?.id}`, { method: "DELETE", headers: admin });
    for (const hub of hubs) await expect.poll(() => status(hub)).toBe(200);
    await revoke(hubs[0].origin, { jti: "J" });
    for (const hub of hubs) await expect.poll(() => status(hub)).toBe(401);
  });

  it("names the issuer, so the same jti or sub of another issuer is untouched", async () => {
    const { url, origin } = await start();
    const token = await mint({ subscribe: [ALL], tokenId: "shared" });
    expect((await revoke(origin, { jti: "shared", iss: "https://other.example" })).status).toBe(204);
    expect((await fetch(url, { headers: bearer(token), method: "HEAD" })).status).toBe(200);
    expect((await revoke(origin, { jti: "shared", iss: ISSUER })).status).toBe(204);
    expect((await fetch(url, { headers: bearer(token), method: "HEAD" })).status).toBe(401);
  });

  it("lasts its full time, even if a shorter one follows", async () => {
    const { hub, url } = await start();
    const token = await mint({ subscribe: [ALL], tokenId: "J", subject: "S" });
    const status = async (): Promise<number> => (await fetch(url, { method: "HEAD", headers: bearer(token) })).status;
    await hub.revoke({ issuer: ISSUER, tokenId: "J" });
    await hub.revoke({ issuer: ISSUER, tokenId: "J", until: Date.now() + 50 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await hub.revoke({ issuer: ISSUER, tokenId: "other" });
    expect(await status()).toBe(401);
    expect(hub.stats().tail).toBe(3);
  });

  it("holds for a request that was begun before", async () => {
    const { hub, server } = await start();
    const token = await mint({ publish: [ALL], tokenId: "slow" });
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const head = `POST /events/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n\r\n`;
    socket.write(`${head}topic=`);
    await once(server, "request");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await hub.revoke({ issuer: ISSUER, tokenId: "slow" });
    socket.write("abcdefgh");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
    expect(hub.stats().published).toBe(0);
  });

  it("is refused to all but administrators, by name", async () => {
    const { url, origin } = await start({ anonymousPublish: true });
    const patterns: Matcher[] = [{ type: "urlpattern", pattern: `${HUB_PATH}/:any` }];
    for (const publish of [[ALL], patterns, [exact("a")]]) {
      expect((await revoke(origin, { jti: "x" }, publish)).status).toBe(403);
    }
    expect((await fetch(`${origin}${HUB_PATH}/revocations`, { method: "POST", body: new URLSearchParams({ jti: "x" }) })).status).toBe(401);
    expect((await fetch(url, { method: "HEAD", headers: bearer(await mint({ tokenId: "x" })) })).status).toBe(200);
  });

  it.each([{}, { jti: "a", sub: "b" }, { jti: "" }, { jti: "a", exp: "soon" }, { jti: "a", exp: "1" }])(
    "says what is wrong with %j",
    async (form) => {
      const { origin } = await start();
      const response = await revoke(origin, form);
      expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_body" }]);
    },
  );

  it("refuses other methods and other bodies", async () => {
    const { origin } = await start();
    const twice = await fetch(`${origin}${HUB_PATH}/revocations`, {
      method: "POST",
      body: new URLSearchParams([
        ["jti", "a"],
        ["jti", "b"],
      ]),
      headers: bearer(await mint({ publish: [ADMIN] })),
    });
    expect(twice.status).toBe(400);
    const headers = bearer(await mint({ publish: [ADMIN] }));
    expect((await fetch(`${origin}${HUB_PATH}/revocations`, { method: "PUT", headers })).status).toBe(405);
    const json = await fetch(`${origin}${HUB_PATH}/revocations`, {
      method: "POST",
      body: '{"jti":"a"}',
      headers: { ...headers, "Content-Type": "application/json" },
    });
    expect(json.status).toBe(415);
  });

  it("does not renew a stream with a token that is revoked", async () => {
    const { hub, url, origin } = await start();
    const stream = await openStream(url, { headers: bearer(await mint({ subscribe: [ALL], lifetimeSeconds: 6 })) });
    const { data } = await (async () => {
      for (let event = await stream.nextOfAny(); ; event = await stream.nextOfAny()) if (event.event === "hub:expiring") return event;
    })();
    const { subscriber } = JSON.parse(data) as { subscriber: string };
    await hub.revoke({ issuer: ISSUER, tokenId: "next" });
    const next = await mint({ subscribe: [ALL], tokenId: "next" });
    expect((await fetch(`${origin}${HUB_PATH}/subscribers/${subscriber}`, { method: "POST", headers: bearer(next) })).status).toBe(401);
    await stream.ended;
  });

  it("leaves no trace that a subscriber could see", async () => {
    const { hub, url } = await start();
    const stream = await openStream(`${url}?last_event_id=earliest`, { headers: bearer(await mint({ subscribe: [ALL] })) });
    await hub.revoke({ issuer: ISSUER, subject: "a person's name" });
    await hub.publish({ topic: "a", data: "next" });
    expect((await stream.next()).data).toBe("next");
    const replay = await openStream(`${url}?last_event_id=earliest`, { headers: bearer(await mint({ subscribe: [ALL] })) });
    expect((await replay.next()).data).toBe("next");
  });

  it("is bounded in number, and is dropped when its tokens have expired", async () => {
    const { hub, url } = await start({ limits: { revocations: 3 } });
    const soon = Date.now() + 300;
    await hub.revoke({ issuer: ISSUER, tokenId: "1", until: soon });
    await hub.revoke({ issuer: ISSUER, tokenId: "2", until: soon });
    for (let i = 0; i < 3; i++) await hub.revoke({ issuer: ISSUER, tokenId: "3" });
    const crowd = await Promise.allSettled([4, 5, 6].map((n) => hub.revoke({ issuer: ISSUER, tokenId: String(n) })));
    expect(crowd.every(({ status }) => status === "rejected")).toBe(true);
    await expect(hub.revoke({ issuer: ISSUER, tokenId: "4" })).rejects.toMatchObject({ code: "too_many_revocations" });
    await expect
      .poll(() =>
        hub.revoke({ issuer: ISSUER, tokenId: "4" }).then(
          () => "kept",
          () => "refused",
        ),
      )
      .toBe("kept");
    expect((await fetch(url, { method: "HEAD", headers: bearer(await mint({ tokenId: "3" })) })).status).toBe(401);
  });
});

describe("revocations of a journal", () => {
  it("hold in every process within a second, and after a restart", async () => {
    const directory = temporaryDirectory("revocation");
    const script = `
      import { createHub } from "artesian";
      import { logJournal } from "artesian/journals/log";
      import { createInterface } from "node:readline";
      const hub = createHub({ journal: await logJournal({ directory: ${JSON.stringify(directory)} }), url: ${JSON.stringify(HUB_URL)} });
      console.log("ready");
      for await (const tokenId of createInterface({ input: process.stdin })) {
        await hub.revoke({ issuer: ${JSON.stringify(ISSUER)}, tokenId });
        console.log("done");
      }
      await hub.close();
    `;
    const admin = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void admin.kill("SIGKILL"));
    const lines = createInterface({ input: admin.stdout })[Symbol.asyncIterator]();
    await lines.next();
    const { hub, url } = await start({ journal: await logJournal({ directory }) });
    const token = await mint({ subscribe: [ALL], tokenId: "far" });
    const stream = await openStream(url, { headers: bearer(token) });
    const asked = performance.now();
    admin.stdin.write("far\n");
    await stream.ended;
    expect(performance.now() - asked).toBeLessThan(1000 + LATE_MS);
    await lines.next();
    expect((await fetch(url, { headers: bearer(token) })).status).toBe(401);
    admin.stdin.end();
    await once(admin, "exit");
    await hub.close();
    const again = await start({ journal: await logJournal({ directory }) });
    expect((await fetch(again.url, { headers: bearer(token) })).status).toBe(401);
  });

  it("need a journal with a shared table", async () => {
    const journal = memoryJournal();
    Object.assign(journal, { state: undefined });
    const { hub } = await start({ journal });
    await expect(hub.revoke({ issuer: ISSUER, tokenId: "a" })).rejects.toThrow(TypeError);
    await expect(start({ journal, subscriptions: true })).rejects.toThrow(/shared table/);
  });
});
