import { createServer } from "node:http";
import { createHub, type Hub, type HubOptions } from "artesian";
import express, { Router } from "express";
import createFastify from "fastify";
import { Hono } from "hono";
import { describe, expect, it, onTestFinished } from "vitest";
import { listen, listenFetch } from "../support/server.ts";
import { openStream } from "../support/stream.ts";
import { bearer, exact, HUB_URL, mint, TRUSTING } from "../support/tokens.ts";

const PUBLIC_PATH = new URL(HUB_URL).pathname;

function makeHub(options: HubOptions): Hub {
  const hub = createHub({ ...TRUSTING, anonymous: true, subscriptions: true, drainMs: 500, ...options });
  onTestFinished(() => hub.close());
  return hub;
}

/** Ways to give a hub a path of one's own: where it is then, and what begins to listen. */
const MOUNTS: Readonly<Record<string, { readonly path: string; readonly at: string; readonly start: (hub: Hub) => Promise<string> }>> = {
  "node:http": {
    path: "/live",
    at: "/live",
    start: (hub) => listen(createServer(hub.handler)),
  },
  "app.use(hub.handler) of Express": {
    path: "/live",
    at: "/live",
    start: (hub) => listen(createServer(express().use(hub.handler))),
  },
  "app.use(path, hub.handler) of Express, which cuts the path off": {
    path: "/live",
    at: "/live",
    start: (hub) => listen(createServer(express().use("/live", hub.handler))),
  },
  "a route of Express for the path and all below": {
    path: "/live",
    at: "/live",
    start: (hub) => listen(createServer(express().all("/live{/*below}", hub.handler))),
  },
  "a router of Express, named as the client sees it": {
    path: "/api/live",
    at: "/api/live",
    start: (hub) => listen(createServer(express().use("/api", Router().use("/live", hub.handler)))),
  },
  "a router of Express, named as within the router": {
    path: "/live",
    at: "/api/live",
    start: (hub) => listen(createServer(express().use("/api", Router().use(hub.handler)))),
  },
  "everything below a mounted path of Express": {
    path: "/",
    at: "/api/live",
    start: (hub) => listen(createServer(express().use("/api/live", hub.handler))),
  },
  "a plugin of Fastify with a prefix": {
    path: "/api/live",
    at: "/api/live",
    async start(hub) {
      const app = createFastify();
      onTestFinished(() => app.close());
      await app.register(
        async (scope) => {
          scope.removeAllContentTypeParsers();
          scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
          for (const url of ["/", "/*"]) {
            scope.all(url, (request, reply) => {
              reply.hijack();
              hub.handler(request.raw, reply.raw);
            });
          }
        },
        { prefix: "/api/live" },
      );
      return app.listen({ port: 0, host: "127.0.0.1" });
    },
  },
  "routes of Hono with a base path": {
    path: "/api/live",
    at: "/api/live",
    start(hub) {
      const app = new Hono().basePath("/api");
      app.all("/live/*", (c) => hub.fetch(c.req.raw));
      return listenFetch(app.fetch);
    },
  },
  "app.mount of Hono, which cuts the path off": {
    path: "/",
    at: "/api/live",
    start: (hub) => listenFetch(new Hono().mount("/api/live", hub.fetch).fetch),
  },
};

describe("a hub at a path of its own", () => {
  it.each(Object.keys(MOUNTS))("is published to, subscribed to, renewed and listed with %s", async (name) => {
    const { path, at, start } = MOUNTS[name] as (typeof MOUNTS)[string];
    const hub = makeHub({ path });
    const origin = await start(hub);
    const url = origin + at;
    const token = await mint({ publish: [exact("*")], subscribe: [exact("*")] });
    const stream = await openStream(`${url}?match=a`, { headers: bearer(token) });
    expect(stream.response.status).toBe(200);
    const published = await fetch(url, { method: "POST", headers: bearer(token), body: new URLSearchParams({ topic: "a", data: "b" }) });
    expect(published.status).toBe(200);
    expect((await stream.next()).data).toBe("b");

    const [subscriber] = [...hub.subscribers()];
    const longer = await mint({ subscribe: [exact("*")], lifetimeSeconds: 1200 });
    const renewed = await fetch(`${url}/subscribers/${subscriber?.id}`, { method: "POST", headers: bearer(longer) });
    expect([renewed.status, await renewed.json()]).toEqual([200, { expiresInMs: expect.any(Number) as number }]);

    // Topics are of the public URL, wherever the requests arrive.
    const list = async (): Promise<{ id: string; subscriptions: { id: string }[] }> => {
      const listed = await fetch(`${url}/subscriptions`, { headers: bearer(longer) });
      expect(listed.status).toBe(200);
      return (await listed.json()) as { id: string; subscriptions: { id: string }[] };
    };
    // It is told of once it has stayed for a moment.
    await expect.poll(async () => (await list()).subscriptions, { timeout: 30_000 }).toHaveLength(1);
    const { id, subscriptions } = await list();
    expect(id).toBe(`${PUBLIC_PATH}/subscriptions`);
    const one = await fetch(url + (subscriptions[0]?.id ?? "").slice(PUBLIC_PATH.length), { headers: bearer(longer) });
    expect([one.status, await one.json()]).toEqual([200, subscriptions[0]]);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });

  it("answers there only, and at the path of its metadata", async () => {
    const hub = makeHub({ path: "/live" });
    const metadata = `/.well-known/oauth-protected-resource${PUBLIC_PATH}`;
    const paths = ["/live", "/live/subscribers/x", metadata, "/", "/lively", "/events/stream", PUBLIC_PATH, `${PUBLIC_PATH}/subscriptions`];
    expect(paths.filter((path) => hub.handles(path))).toEqual(["/live", "/live/subscribers/x", metadata]);
    const origin = await listen(createServer(express().use(hub.handler)));
    expect((await fetch(origin + metadata)).status).toBe(200);
    expect((await fetch(`${origin}${PUBLIC_PATH}?match=a`)).status).toBe(404);
    const answer = await hub.fetch(new Request(`${origin}${PUBLIC_PATH}?match=a`));
    expect(answer.status).toBe(404);
  });

  it("has that path in its URL, where it is not told one", () => {
    expect(makeHub({ authorization: undefined, url: undefined, path: "/live" }).url).toBe("http://localhost/live");
    expect(makeHub({ authorization: undefined, url: undefined, path: "/" }).url).toBe("http://localhost/.well-known/mercure");
    expect(makeHub({ path: "/live" }).link()).toContain(`<${HUB_URL}>`);
  });

  it("keeps the alias's ways where the path is the alias", async () => {
    const hub = makeHub({ path: "/events/stream" });
    const stream = await openStream(`${await listen(createServer(hub.handler))}/events/stream`);
    await hub.publish({ topic: "any", data: "1" });
    expect((await stream.next()).data).toBe("1");
  });

  it.each(["live", "/live/", "", "/a b", "/live?x", "/a/../b", "https://example.com/live"])("refuses the path %j", (path) => {
    expect(() => createHub({ path })).toThrow(/`path` is .*a path that begins with a slash.*such as \/live\./);
  });
});

describe("an address that the application put in the place of the request's own", () => {
  it("is the one that counts", async () => {
    const hub = makeHub({ path: "/live" });
    const app = express();
    app.use((req, _res, next) => {
      req.url = "/blocked";
      next();
    });
    app.use(hub.handler);
    app.use((_req, res) => void res.status(418).end());
    const origin = await listen(createServer(app));
    expect((await fetch(`${origin}/live?match=a`)).status).toBe(418);
  });
});
