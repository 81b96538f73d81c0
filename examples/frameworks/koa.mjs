// Koa 3 with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian koa koa-session koa-compress @koa/bodyparser
//   node koa.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { readFileSync } from "node:fs";
import { bodyParser } from "@koa/bodyparser";
import { createHub } from "artesian";
import Koa from "koa";
import compress from "koa-compress";
import { createSession } from "koa-session";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);
const page = readFileSync(new URL("page.html", import.meta.url), "utf8");

const sessions = new Map();
const store = {
  get: async (key) => sessions.get(key),
  set: async (key, session) => void sessions.set(key, session),
  destroy: async (key) => void sessions.delete(key),
};

const hub = createHub({
  path: "/api/live",
  // From the store, because the hub asks again while the stream is open.
  async authorize({ sessionKey }) {
    const user = (await store.get(sessionKey))?.user;
    return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
  },
});

const app = new Koa();
app.keys = [process.env.SESSION_SECRET ?? "for a first try"];
app.use(compress({ threshold: 0 }));
app.use(createSession({ store }, app));
app.use(async (ctx, next) => {
  if (!hub.handles(ctx.path)) return next();
  give(ctx, () => hub.handler(ctx.req, ctx.res));
}); // After the session, and before body parsers.
app.use(bodyParser({ enableTypes: ["json", "form"] }));

/** Lets the hub answer. */
function give(ctx, answer) {
  ctx.respond = false;
  ctx.res.statusCode = 200; // Koa begins with 404.
  ctx.req.sessionKey = ctx.session.externalKey;
  answer();
}

const routes = {
  "GET /": (ctx) => Object.assign(ctx, { type: "html", body: page }),
  "POST /login"(ctx) {
    ctx.session.user = ctx.request.body.user; // A real application asks for a password.
    ctx.redirect("/"); // The page opens its stream again.
    ctx.status = 303;
  },
  async "POST /logout"(ctx) {
    const { user } = ctx.session;
    await store.destroy(ctx.session.externalKey);
    ctx.session = null;
    if (user) await hub.disconnect({ subject: user });
    ctx.status = 204;
  },
  async "POST /notify"(ctx, user) {
    const id = await hub.publish({ topic: `/users/${user}`, data: ctx.request.body.text });
    Object.assign(ctx, { status: 201, body: { id } });
  },
  // A stream that the application decides on.
  "GET /orders"(ctx, id) {
    const { user } = ctx.session;
    give(ctx, () => hub.stream(ctx.req, ctx.res, user && { match: `/orders/${id}`, subject: user }));
  },
  "GET /health": (ctx) => Object.assign(ctx, { body: { streams: hub.stats().subscribers } }),
};
app.use(async (ctx) => {
  const [, name, id] = ctx.path.split("/");
  await routes[`${ctx.method} /${name}`]?.(ctx, id);
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

hub.closeOnSignals({ server });
