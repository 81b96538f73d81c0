import { createServer, type RequestListener } from "node:http";
import { createHub } from "artesian";
import { createGuard, LOOPBACK_HOSTS } from "artesian/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Answer, send, startServer } from "../../cli/command.ts";
import { raw } from "../../protocol/requirements/support.ts";
import { listenForAnyAddress } from "../../support/addresses.ts";
import { listen, startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { TRUSTING } from "../../support/tokens.ts";

const APP = "https://app.example";
const METADATA = "/.well-known/oauth-protected-resource/.well-known/mercure";

/** Asks whether a page may send these fields. */
function preflight(url: string, names: string | undefined, origin = APP): Promise<Answer> {
  const headers = {
    origin,
    "access-control-request-method": "POST",
    ...(names === undefined ? {} : { "access-control-request-headers": names }),
  };
  return send(url, { method: "OPTIONS", headers });
}

function namesOf(value: string | undefined): readonly string[] {
  return (value ?? "").split(",").map((name) => name.trim().toLowerCase());
}

describe("a preflight of a listed origin", () => {
  it("may send the header names that it asks for, beside those that the hub reads", async () => {
    const { url } = await startHub({ corsOrigins: [APP] });
    const asked = ["sentry-trace", "baggage", "traceparent", "tracestate", "x-requested-with", "x-b3-traceid", "authorization"];
    const answer = await preflight(url, asked.join(","));
    expect(answer.status).toBe(204);
    const allowed = namesOf(answer.headers["access-control-allow-headers"]);
    expect(allowed).toEqual(expect.arrayContaining([...asked, "last-event-id", "idempotency-key"]));
    expect(new Set(allowed).size).toBe(allowed.length);
    expect(namesOf(answer.headers.vary)).toEqual(expect.arrayContaining(["origin", "access-control-request-headers"]));
    expect(namesOf((await preflight(url, undefined)).headers["access-control-allow-headers"])).toContain("authorization");
  });

  it("may send valid names only, and a limited number", async () => {
    const { url } = await startHub({ corsOrigins: [APP] });
    for (const bad of ["a b", "a:b", "a(b", "x-\u00e9", "*", "a;b", '"a"', "x".repeat(200)]) {
      const allowed = (await preflight(url, `${bad}, x-good`)).headers["access-control-allow-headers"] ?? "";
      expect(allowed, bad).toContain("Authorization");
      expect(namesOf(allowed), bad).not.toContain(bad);
      expect(namesOf(allowed), bad).toContain("x-good");
      expect(allowed).toMatch(/^[\w-]+(?:, [\w-]+)*$/);
    }
    const many = Array.from({ length: 1000 }, (_, i) => `x-${i}`).join(",");
    expect((await preflight(url, many)).headers["access-control-allow-headers"]?.length).toBeLessThan(4096);
  });

  it("gives other origins nothing of it", async () => {
    const { url } = await startHub({ corsOrigins: [APP] });
    const { headers } = await preflight(url, "sentry-trace", "https://evil.example");
    for (const name of ["origin", "headers", "methods", "credentials"]) expect(headers[`access-control-allow-${name}`]).toBeUndefined();
  });

  it("is answered so with `*` too, without credentials", async () => {
    const { url } = await startHub({ corsOrigins: ["*"] });
    const { headers } = await preflight(url, "traceparent");
    expect(namesOf(headers["access-control-allow-headers"])).toContain("traceparent");
    expect(headers["access-control-allow-origin"]).toBe("*");
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
  });
});

describe("origins in the library's options", () => {
  const APPS = [
    "capacitor://localhost",
    "tauri://localhost",
    "ionic://localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://1c5ea3f0-9d9e-4b1c-8a55-0ff5b8f5a3c1",
    "app://obsidian.md",
    "app://-",
    "http://localhost:5173",
    "https://[::1]:8443",
  ];

  it("may have an app's own scheme", async () => {
    const { url } = await startHub({ corsOrigins: APPS });
    for (const origin of APPS) {
      const { headers } = await send(url, { method: "HEAD", headers: { origin } });
      expect(headers["access-control-allow-origin"]).toBe(origin);
      expect(headers["access-control-allow-credentials"]).toBe("true");
    }
    const { headers } = await send(url, { method: "HEAD", headers: { origin: "capacitor://localhost.evil.example" } });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  it.each([
    "null",
    "",
    "app.example",
    "https://app.example/",
    "https://app.example/path",
    "https://app.example?x",
    "https://user@app.example",
    "https://*.app.example",
    "https://APP.example",
    "https://app.example:443",
    "capacitor://",
    "capacitor://localhost/",
    "capacitor://localhost/path",
    "capacitor://*",
    "chrome-extension://*",
    "app://a,app://b",
    "htps://app.example",
    "file:///",
    "ws://app.example",
    "data:text/html,x",
    "blob:https://app.example/1",
  ])("refuses %s", (origin) => {
    for (const name of ["corsOrigins", "publishOrigins"]) {
      expect(() => createHub({ [name]: [origin] })).toThrow(TypeError);
      expect(() => createHub({ [name]: [origin] })).toThrow(name);
    }
    expect(() => createHub({ publishOrigins: ["*"] })).toThrow(TypeError);
  });
});

describe("every answer to a listed origin", () => {
  function expectShared({ status, headers }: Answer, expected: number): void {
    expect(status).toBe(expected);
    expect(headers["access-control-allow-origin"], String(status)).toBe(APP);
    expect(headers["access-control-allow-credentials"], String(status)).toBe("true");
    expect(namesOf(headers.vary), String(status)).toContain("origin");
  }
  const from = (method: string, more: Record<string, string> = {}): { method: string; headers: Record<string, string> } => ({
    method,
    headers: { origin: APP, "content-type": "application/x-www-form-urlencoded", ...more },
  });

  it("can be read by its pages, refusals too", async () => {
    const { hub, origin, url } = await startHub({ corsOrigins: [APP], limits: { bodyBytes: 1024 } });
    expectShared(await send(url, from("POST"), "topic=a"), 200);
    expectShared(await send(url, from("POST"), "topic=*"), 400);
    expectShared(await send(url, from("POST"), "x".repeat(1025)), 413);
    expectShared(await send(url, from("POST", { "content-type": "text/plain" }), "topic=a"), 415);
    expectShared(await send(url, from("POST", { "content-encoding": "gzip" }), "topic=a"), 415);
    expectShared(await send(url, from("PUT")), 405);
    expectShared(await send(`${origin}/nowhere`, from("GET")), 404);
    expectShared(await send(`${origin}/.well-known/mercure/nothing`, from("GET")), 404);
    expectShared(await send(`${url}?matchy=a`, from("GET")), 400);
    await hub.close();
    expectShared(await send(url, from("POST"), "topic=a"), 503);
  });

  it("can be read when an address has reached its limit of streams", async () => {
    const hub = createHub({ corsOrigins: [APP], connectionsPerAddress: 1 });
    onTestFinished(() => hub.close());
    const url = `${await listenForAnyAddress(hub)}/events/stream`;
    await openStream(url, { headers: { "x-from": "203.0.113.7" } });
    expectShared(await send(url, from("GET", { "x-from": "203.0.113.7" })), 429);
  });

  it("can be read when the hub takes tokens", async () => {
    const { url } = await startHub({ ...TRUSTING, corsOrigins: [APP] });
    expectShared(await send(url, from("POST"), "topic=a"), 401);
    expectShared(await send(url, from("POST", { authorization: "Basic x" }), "topic=a"), 400);
    expectShared(await send(url, from("POST", { cookie: "__Secure-mercure_access_token=x" }), "topic=a"), 403);
  });

  it("can be read when the handler is mounted wrongly or something fails inside", async () => {
    const hub = createHub({ corsOrigins: [APP], anonymousPublish: true });
    const eager: RequestListener = (req, res) => {
      req.resume().on("end", () => hub.handler(req, res));
    };
    expectShared(await send(`${await listen(createServer(eager))}/events/stream`, from("POST"), "topic=a"), 500);
    const request = new Request("http://localhost/events/stream", { ...from("POST"), body: "topic=a" });
    await request.text();
    const response = await hub.fetch(request);
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([500, APP]);
    await hub.close();
  });

  it("can be read when the guard refuses", async () => {
    const guard = createGuard({ hosts: LOOPBACK_HOSTS, corsOrigins: [APP] });
    const url = await listen(createServer((req, res) => void (guard(req, res) && res.end())));
    expectShared(await send(url, from("GET", { host: "evil.example" })), 421);
    expectShared(await send(url, from("POST")), 403);
    const foreign = await send(url, { method: "POST", headers: { origin: "https://evil.example" } });
    expect([foreign.status, foreign.headers["access-control-allow-origin"]]).toEqual([403, undefined]);
    const { port } = new URL(url);
    const twice = await raw(url, `GET / HTTP/1.1\r\nHost: localhost:${port}\r\nHost: x\r\nOrigin: ${APP}\r\n\r\n`);
    expect(twice).toMatch(/^HTTP\/1\.1 400 /);
    expect(twice.toLowerCase()).toContain(`access-control-allow-origin: ${APP}`);
  });

  it.each(["serve", "demo"])("of `artesian %s` can be read, but not the pages and tokens of its apps", async (command) => {
    const { url } = await startServer(["--journal", "memory", "--cors-origin", APP], {}, command);
    expectShared(await send(`${url}/event/stream`, from("GET")), 404);
    expectShared(await send(`${url}/.well-known/mercure/nothing`, from("GET")), 404);
    expectShared(await send(`${url}/health`, from("GET")), 200);
    expectShared(await send(`${url}/`, from("POST", { authorization: "Bearer x" })), 405);
    expectShared(await send(`${url}/events/stream`, from("GET", { host: "evil.example" })), 421);
    expectShared(await send(`${url}/events/stream`, from("POST", { host: "evil.example" }), "topic=a"), 421);
    for (const path of ["/", "/console"]) {
      const page = await send(url + path, from("GET"));
      expect([page.status, page.headers["access-control-allow-origin"]], path).toEqual([200, undefined]);
    }
  });
});

describe("the metadata", () => {
  it("is for every page, and never `*` with credentials", async () => {
    for (const corsOrigins of [[], [APP], ["*"], ["*", APP]]) {
      const { origin } = await startHub({ corsOrigins });
      for (const asking of [APP, "https://other.example", undefined]) {
        const { status, headers } = await send(origin + METADATA, { headers: asking === undefined ? {} : { origin: asking } });
        expect(status).toBe(200);
        const isListed = asking === APP && corsOrigins.includes(APP);
        expect(headers["access-control-allow-origin"]).toBe(isListed ? APP : "*");
        expect(headers["access-control-allow-credentials"]).toBe(isListed ? "true" : undefined);
      }
    }
  });
});
