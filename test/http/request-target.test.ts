import { createServer } from "node:http";
import { createServer as createHttp2Server, connect as connectHttp2 } from "node:http2";
import { once } from "node:events";
import { createGuard, LOOPBACK_HOSTS } from "artesian/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../cli/command.ts";
import { raw } from "../protocol/requirements/support.ts";
import { listen, startHub } from "../support/server.ts";

/** A request without a body, whose connection is closed after the answer. */
function get(target: string, host = "hub.example", more = ""): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;
}

function publish(target: string, more = "Host: hub.example\r\n"): string {
  const type = "Content-Type: application/x-www-form-urlencoded\r\n";
  return `POST ${target} HTTP/1.1\r\n${more}${type}Content-Length: 12\r\nConnection: close\r\n\r\ntopic=a&id=x`;
}

const status = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);

describe("an absolute-form target", () => {
  it("is taken for publishing, subscribing and the metadata, with its query", async () => {
    const { hub, origin } = await startHub();
    for (const base of ["http://hub.example", "https://hub.example:8443", "HTTP://hub.example"]) {
      expect(await raw(origin, publish(`${base}/events/stream`))).toMatch(/\r\n\r\nx$/);
      const metadata = await raw(origin, get(`${base}/.well-known/oauth-protected-resource/.well-known/mercure`));
      expect(metadata).toMatch(/^HTTP\/1\.1 200 /);
      expect(status(await raw(origin, get(`${base}/nowhere`)))).toBe(404);
      expect(status(await raw(origin, get(base)))).toBe(404);
      expect(status(await raw(origin, get(`${base}?match=a`)))).toBe(404);
    }
    const stream = await raw(origin, get("http://hub.example/events/stream?match=a&last_event_id=earliest"), "id: x\n");
    expect(stream).toMatch(/^HTTP\/1\.1 200 /);
    expect(status(await raw(origin, get("http://hub.example/.well-known/mercure?matchy=a")))).toBe(400);
    expect(hub.stats().tail).toBe(3);
  });

  it("is taken in Express's place: other paths go on to the next handler", async () => {
    const { hub } = await startHub();
    const server = createServer((req, res) => hub.handler(req, res, () => void res.end("next")));
    const origin = await listen(server);
    expect(await raw(origin, get("http://hub.example/elsewhere"))).toMatch(/next/);
    expect(await raw(origin, publish("http://hub.example/events/stream"))).toMatch(/\r\n\r\nx$/);
  });

  it("names the host that counts, not the Host field", async () => {
    const guard = createGuard({ hosts: LOOPBACK_HOSTS });
    const origin = await listen(createServer((req, res) => void (guard(req, res) && res.end())));
    expect(status(await raw(origin, get("http://localhost/", "evil.example")))).toBe(200);
    expect(status(await raw(origin, get("http://evil.example/", "localhost")))).toBe(421);
    expect(status(await raw(origin, get("http://localhost@evil.example/", "localhost")))).toBe(421);
    expect(status(await raw(origin, get("http:///", "localhost")))).toBe(421);
  });

  it("is taken by `artesian serve` on all its paths", async () => {
    const { url } = await startServer(["--journal", "memory"]);
    const { host } = new URL(url);
    for (const [path, expected] of [
      ["/health", 200],
      ["/", 200],
      ["", 200],
      ["/console", 200],
      ["/nowhere", 404],
    ] as const)
      expect(status(await raw(url, get(url + path, host))), path).toBe(expected);
    expect(await raw(url, publish(`${url}/events/stream`, `Host: ${host}\r\n`))).toMatch(/\r\n\r\nx$/);
  });
});

describe("two Host fields", () => {
  it("are refused by the hub, whatever they say", async () => {
    const { hub, origin } = await startHub();
    for (const hosts of ["Host: a\r\nHost: b\r\n", "Host: a\r\nhost: a\r\n", "Host: a\r\nX: y\r\nHOST: a\r\n"]) {
      const answer = await raw(origin, publish("/events/stream", hosts));
      expect(status(answer)).toBe(400);
      expect(answer).toContain('"code":"invalid_host"');
      expect(answer).not.toContain("WWW-Authenticate");
      expect(status(await raw(origin, get("/events/stream", "a", hosts)))).toBe(400);
    }
    expect(hub.stats().tail).toBe(0);
  });

  it("are refused by `artesian serve` on every path", async () => {
    const { url } = await startServer(["--journal", "memory"]);
    const { host } = new URL(url);
    for (const path of ["/", "/health", "/nowhere", "/events/stream?match=a"])
      expect(status(await raw(url, get(path, host, `Host: ${host}\r\n`))), path).toBe(400);
  });
});

describe("HTTP/2", () => {
  it("names its host in :authority", async () => {
    const guard = createGuard({ hosts: LOOPBACK_HOSTS });
    const server = createHttp2Server((req, res) => {
      if (guard(req as never, res as never)) res.end();
    });
    const origin = await listen(server);
    const client = connectHttp2(origin);
    onTestFinished(() => client.destroy());
    const statusOf = async (headers: Record<string, string>): Promise<unknown> => {
      const stream = client.request({ ":method": "POST", ...headers }).end();
      const [answer] = (await once(stream, "response")) as [Record<string, unknown>];
      stream.resume();
      return answer[":status"];
    };
    const { host } = new URL(origin);
    expect(await statusOf({ origin })).toBe(200);
    expect(await statusOf({ ":authority": host, origin: "https://evil.example" })).toBe(403);
    expect(await statusOf({ ":authority": "evil.example" })).toBe(421);
  });
});
