// Elysia, on Bun, with sessions: each user receives what is published for this user, until logout.
//
//   bun add artesian elysia
//   bun elysia.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { createHub } from "artesian";
import { Elysia } from "elysia";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);
const page = Bun.gzipSync(await Bun.file(new URL("page.html", import.meta.url)).bytes());

/** Users by their session's id. */
const sessions = new Map();
const sidOf = (request) => /(?:^|; )sid=([\w-]+)/.exec(request.headers.get("cookie") ?? "")?.[1];

const hub = createHub({
  path: "/api/live",
  authorize(request) {
    const user = sessions.get(sidOf(request));
    return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
  },
});

const app = new Elysia({ serve: { idleTimeout: 0 } }) // A stream may be silent for longer than Bun's ten seconds.
  .get("/", () => new Response(page, { headers: { "Content-Type": "text/html", "Content-Encoding": "gzip" } }))
  .all("/api/live", ({ request }) => hub.fetch(request), { parse: "none" })
  .all("/api/live/*", ({ request }) => hub.fetch(request), { parse: "none" })
  .post("/login", ({ body, cookie, redirect }) => {
    const sid = crypto.randomUUID();
    sessions.set(sid, body.user); // A real application asks for a password.
    cookie.sid.set({ value: sid, httpOnly: true, sameSite: "lax", path: "/" });
    return redirect("/", 303); // The page opens its stream again.
  })
  .post("/logout", async ({ request, status }) => {
    const user = sessions.get(sidOf(request));
    sessions.delete(sidOf(request));
    if (user) await hub.disconnect({ subject: user });
    return status(204);
  })
  .post("/notify/:user", async ({ body, params, status }) => {
    return status(201, { id: await hub.publish({ topic: `/users/${params.user}`, data: body.text }) });
  })
  // A stream that the application decides on.
  .get("/orders/:id", ({ request, params }) => {
    const user = sessions.get(sidOf(request));
    return hub.response(request, user && { match: `/orders/${params.id}`, subject: user });
  })
  .get("/health", () => ({ streams: hub.stats().subscribers }))
  .listen({ port: Number(process.env.PORT ?? 3000), hostname: "127.0.0.1" });
console.log(`listening on http://127.0.0.1:${app.server.port}`);

hub.closeOnSignals({ server: { close: () => app.stop() } });
