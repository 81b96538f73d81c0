// Fastify 5 with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian fastify @fastify/cookie @fastify/session @fastify/compress
//   node fastify.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import compress from "@fastify/compress";
import cookie from "@fastify/cookie";
import session from "@fastify/session";
import { createHub } from "artesian";
import createFastify from "fastify";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);
const page = readFileSync(new URL("page.html", import.meta.url), "utf8");

const store = new session.MemoryStore();
const readSession = promisify(store.get.bind(store));

const hub = createHub({
  path: "/api/live",
  // From the store, because the hub asks again while the stream is open.
  async authorize({ sessionId }) {
    const user = (await readSession(sessionId))?.user;
    return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
  },
});

const app = createFastify();
await app.register(compress, { threshold: 0 });
await app.register(cookie);
await app.register(session, {
  store,
  secret: process.env.SESSION_SECRET ?? "for a first try, at least 32 characters",
  cookie: { secure: false },
  saveUninitialized: false,
});

// After the plugins, since hooks run in their order.
app.addHook("onRequest", async (request, reply) => {
  if (!hub.handles(request.url.split("?", 1)[0])) return;
  give(request, reply, (req, res) => hub.handler(req, res));
});
app.addHook("preClose", () => hub.close()); // `app.close()` waits for streams, and the hub ends them.

/** Lets the hub answer. */
function give(request, reply, answer) {
  reply.hijack();
  reply.raw.setHeaders(new Map(Object.entries(reply.getHeaders())));
  request.raw.sessionId = request.session.sessionId;
  answer(request.raw, reply.raw);
}

app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, async (_request, body) =>
  Object.fromEntries(new URLSearchParams(body)),
);
app.get("/", async (_request, reply) => reply.type("text/html").send(page));
app.post("/login", async (request, reply) => {
  request.session.user = request.body.user; // A real application asks for a password.
  return reply.redirect("/", 303); // The page opens its stream again.
});
app.post("/logout", async (request, reply) => {
  const { user } = request.session;
  await request.session.destroy();
  if (user) await hub.disconnect({ subject: user });
  return reply.code(204).send();
});
app.post("/notify/:user", async (request, reply) => {
  const id = await hub.publish({ topic: `/users/${request.params.user}`, data: request.body.text });
  return reply.code(201).send({ id });
});
// A stream that the application decides on.
app.get("/orders/:id", async (request, reply) => {
  const { user } = request.session;
  give(request, reply, (req, res) => hub.stream(req, res, user && { match: `/orders/${request.params.id}`, subject: user }));
});
app.get("/health", async () => ({ streams: hub.stats().subscribers }));

console.log(`listening on ${await app.listen({ port: Number(process.env.PORT ?? 3000), host: "127.0.0.1" })}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => app.close());
