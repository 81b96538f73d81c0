// Hono with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian hono @hono/node-server
//   node hono.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { createHub } from "artesian";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { getCookie, setCookie } from "hono/cookie";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);
const page = readFileSync(new URL("page.html", import.meta.url), "utf8");

/** Users by their session's id. */
const sessions = new Map();

const hub = createHub({
  path: "/api/live",
  authorize(request) {
    const user = sessions.get(/(?:^|; )sid=([\w-]+)/.exec(request.headers.get("cookie") ?? "")?.[1]);
    return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
  },
});

const app = new Hono();
app.use(compress({ threshold: 0 }));
app.all("/api/live/*", (c) => hub.fetch(c.req.raw));
app.get("/", (c) => c.html(page));
app.post("/login", async (c) => {
  const { user } = await c.req.parseBody(); // A real application asks for a password.
  const sid = randomUUID();
  sessions.set(sid, user);
  setCookie(c, "sid", sid, { httpOnly: true, sameSite: "Lax" });
  return c.redirect("/", 303); // The page opens its stream again.
});
app.post("/logout", async (c) => {
  const sid = getCookie(c, "sid");
  const user = sessions.get(sid);
  sessions.delete(sid);
  if (user) await hub.disconnect({ subject: user });
  return c.body(null, 204);
});
app.post("/notify/:user", async (c) => {
  const { text } = await c.req.json();
  return c.json({ id: await hub.publish({ topic: `/users/${c.req.param("user")}`, data: text }) }, 201);
});
// A stream that the application decides on.
app.get("/orders/:id", (c) => {
  const user = sessions.get(getCookie(c, "sid"));
  return hub.response(c.req.raw, user && { match: `/orders/${c.req.param("id")}`, subject: user });
});
app.get("/health", (c) => c.json({ streams: hub.stats().subscribers }));

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: "127.0.0.1" }, ({ port }) => {
  console.log(`listening on http://127.0.0.1:${port}`);
});

hub.closeOnSignals({ server });
