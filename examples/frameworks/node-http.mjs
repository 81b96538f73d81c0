// Node's own HTTP server with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian
//   node node-http.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { json, text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { createHub } from "artesian";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);
const page = gzipSync(readFileSync(new URL("page.html", import.meta.url)));

/** Users by their session's id. */
const sessions = new Map();
const sidOf = (req) => /(?:^|; )sid=([\w-]+)/.exec(req.headers.cookie ?? "")?.[1];

const hub = createHub({
  path: "/api/live",
  authorize(req) {
    const user = sessions.get(sidOf(req));
    return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
  },
});

const routes = {
  "GET /": (_req, res) => res.writeHead(200, { "Content-Type": "text/html", "Content-Encoding": "gzip" }).end(page),
  async "POST /login"(req, res) {
    const sid = randomUUID();
    sessions.set(sid, new URLSearchParams(await text(req)).get("user")); // A real application asks for a password.
    // The page opens its stream again.
    res.writeHead(303, { Location: "/", "Set-Cookie": `sid=${sid}; HttpOnly; SameSite=Lax` }).end();
  },
  async "POST /logout"(req, res) {
    const user = sessions.get(sidOf(req));
    sessions.delete(sidOf(req));
    if (user) await hub.disconnect({ subject: user });
    res.writeHead(204).end();
  },
  async "POST /notify"(req, res, user) {
    const id = await hub.publish({ topic: `/users/${user}`, data: (await json(req)).text });
    res.writeHead(201, { "Content-Type": "application/json" }).end(JSON.stringify({ id }));
  },
  // A stream that the application decides on.
  "GET /orders"(req, res, id) {
    const user = sessions.get(sidOf(req));
    hub.stream(req, res, user && { match: `/orders/${id}`, subject: user });
  },
  "GET /health": (_req, res) => res.end(JSON.stringify({ streams: hub.stats().subscribers })),
};

const server = createServer((req, res) => {
  hub.handler(req, res, async () => {
    const [, name, id] = req.url.split("/");
    const route = routes[`${req.method} /${name}`] ?? ((_req, res) => res.writeHead(404).end());
    try {
      await route(req, res, id);
    } catch {
      res.writeHead(400).end();
    }
  });
});
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

hub.closeOnSignals({ server });
