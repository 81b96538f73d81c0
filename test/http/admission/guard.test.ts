import { createServer, request } from "node:http";
import { once } from "node:events";
import { createGuard, LOOPBACK_HOSTS } from "artesian/http";
import { describe, expect, it } from "vitest";
import { listen } from "../../support/server.ts";

async function status(origin: string, method: string, headers: Record<string, string>): Promise<number | undefined> {
  const sent = request(origin, { method, headers }).end();
  const [response] = await once(sent, "response");
  response.resume();
  return response.statusCode as number | undefined;
}

describe("the guard of a server without tokens", () => {
  it("answers only for its own hosts, so that no other name can be made to lead here", async () => {
    const guard = createGuard({ hosts: LOOPBACK_HOSTS });
    const origin = await listen(createServer((req, res) => void (guard(req, res) && res.end())));
    for (const host of ["localhost:3000", "127.0.0.1", "LOCALHOST", "[::1]:80"]) expect(await status(origin, "GET", { host })).toBe(200);
    for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:3000"])
      expect(await status(origin, "GET", { host })).toBe(421);
  });

  it("takes nothing from pages of another origin", async () => {
    const guard = createGuard({ hosts: undefined, origins: ["https://events.example"] });
    const origin = await listen(createServer((req, res) => void (guard(req, res) && res.end())));
    const host = "hub.example:3000";
    expect(await status(origin, "POST", { host })).toBe(200);
    expect(await status(origin, "POST", { host, origin: "http://hub.example:3000" })).toBe(200);
    expect(await status(origin, "POST", { host, origin: "https://events.example" })).toBe(200);
    for (const foreign of [
      "https://evil.example",
      "null",
      "http://hub.example",
      "http://hub.example:30000",
      "http://hub.example:3000.evil.example",
    ]) {
      expect(await status(origin, "POST", { host, origin: foreign })).toBe(403);
      expect(await status(origin, "GET", { host, origin: foreign })).toBe(200);
    }
  });

  it("knows a foreign page by its Referer or Sec-Fetch-Site too, if there is no Origin", async () => {
    const guard = createGuard({ hosts: undefined, origins: ["https://events.example"] });
    const origin = await listen(createServer((req, res) => void (guard(req, res) && res.end())));
    const host = "hub.example:3000";
    const own = { referer: "http://hub.example:3000/chat/lobby?x=y" };
    const listed = { referer: "https://events.example/page" };
    for (const headers of [
      own,
      listed,
      { "sec-fetch-site": "none" },
      { "sec-fetch-site": "same-origin" },
      { ...own, "sec-fetch-site": "same-origin" },
      { ...listed, "sec-fetch-site": "cross-site" },
      { authorization: "Bearer x", "sec-fetch-site": "cross-site" },
    ])
      expect(await status(origin, "POST", { host, ...headers }), JSON.stringify(headers)).toBe(200);
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "what" },
      { referer: "https://evil.example/" },
      { referer: "http://hub.example/" },
      { referer: "about:client" },
      { referer: "evil" },
      { ...own, "sec-fetch-site": "cross-site" },
    ]) {
      for (const method of ["POST", "DELETE"])
        expect(await status(origin, method, { host, ...headers }), JSON.stringify(headers)).toBe(403);
      expect(await status(origin, "GET", { host, ...headers })).toBe(200);
    }
  });

  it("logs what it refuses, each kind at most once a minute, for the browser says nothing to its page", async () => {
    const lines: { fields: object; text: string }[] = [];
    const ignore = (): void => undefined;
    const warn = (fields: object, text: string): void => void lines.push({ fields, text });
    const guard = createGuard({ hosts: LOOPBACK_HOSTS, logger: { debug: ignore, info: ignore, warn, error: ignore } });
    const origin = await listen(createServer((req, res) => void (guard(req, res) && res.end())));
    for (let i = 0; i < 3; i++) {
      expect(await status(origin, "GET", { host: "evil.example" })).toBe(421);
      expect(await status(origin, "POST", { host: "localhost", origin: "https://evil.example" })).toBe(403);
    }
    expect(lines).toMatchObject([
      { fields: { code: "host_unknown", status: 421, host: "evil.example", count: 1 }, text: expect.stringContaining("EventSource") },
      { fields: { code: "origin_forbidden", status: 403, origin: "https://evil.example", count: 1 } },
    ]);
  });
});
