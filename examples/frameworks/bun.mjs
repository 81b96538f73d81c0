// Bun with sessions: each user receives what is published for this user, until logout.
//
//   bun add artesian
//   bun bun.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { createHub } from "artesian";

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

const routes = {
  "GET /": () => new Response(page, { headers: { "Content-Type": "text/html", "Content-Encoding": "gzip" } }),
  async "POST /login"(request) {
    const sid = crypto.randomUUID();
    sessions.set(sid, (await request.formData()).get("user")); // A real application asks for a password.
    // The page opens its stream again.
    return new Response(null, { status: 303, headers: { Location: "/", "Set-Cookie": `sid=${sid}; HttpOnly; SameSite=Lax` } });
  },
  async "POST /logout"(request) {
    const user = sessions.get(sidOf(request));
    sessions.delete(sidOf(request));
    if (user) await hub.disconnect({ subject: user });
    return new Response(null, { status: 204 });
  },
  async "POST /notify"(request, user) {
    const { text } = await request.json();
    return Response.json({ id: await hub.publish({ topic: `/users/${user}`, data: text }) }, { status: 201 });
  },
  // A stream that the application decides on.
  "GET /orders"(request, id) {
    const user = sessions.get(sidOf(request));
    return hub.response(request, user && { match: `/orders/${id}`, subject: user });
  },
  "GET /health": () => Response.json({ streams: hub.stats().subscribers }),
};

const server = Bun.serve({
  port: Number(process.env.PORT ?? 3000),
  hostname: "127.0.0.1",
  idleTimeout: 0, // A stream may be silent for longer than Bun's ten seconds.
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (hub.handles(pathname)) return hub.fetch(request);
    const [, name, id] = pathname.split("/");
    return routes[`${request.method} /${name}`]?.(request, id) ?? new Response(null, { status: 404 });
  },
});
console.log(`listening on http://127.0.0.1:${server.port}`);

hub.closeOnSignals({ server: { close: () => server.stop() } });
