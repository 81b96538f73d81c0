// H3 2, the server of Nitro 3, with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian h3
//   node h3.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { createHub } from "artesian";
import { getCookie, H3, noContent, readBody, redirect, serve, setCookie } from "h3";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);
const page = gzipSync(readFileSync(new URL("page.html", import.meta.url)));

/** Users by their session's id. */
const sessions = new Map();

const hub = createHub({
  path: "/api/live",
  authorize(request) {
    const user = sessions.get(/(?:^|; )sid=([\w-]+)/.exec(request.headers.get("cookie") ?? "")?.[1]);
    return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
  },
});

const app = new H3();
app.use("/api/live/**", (event) => hub.fetch(event.req));
app.get("/", () => new Response(page, { headers: { "Content-Type": "text/html", "Content-Encoding": "gzip" } }));
app.post("/login", async (event) => {
  const { user } = await readBody(event); // A real application asks for a password.
  const sid = randomUUID();
  sessions.set(sid, user);
  setCookie(event, "sid", sid, { httpOnly: true, sameSite: "lax" });
  return redirect("/", 303); // The page opens its stream again.
});
app.post("/logout", async (event) => {
  const sid = getCookie(event, "sid");
  const user = sessions.get(sid);
  sessions.delete(sid);
  if (user) await hub.disconnect({ subject: user });
  return noContent();
});
app.post("/notify/:user", async (event) => {
  const { text } = await readBody(event);
  const id = await hub.publish({ topic: `/users/${event.context.params.user}`, data: text });
  event.res.status = 201;
  return { id };
});
// A stream that the application decides on.
app.get("/orders/:id", (event) => {
  const user = sessions.get(getCookie(event, "sid"));
  return hub.response(event.req, user && { match: `/orders/${event.context.params.id}`, subject: user });
});
app.get("/health", () => ({ streams: hub.stats().subscribers }));

const server = serve(app, { port: Number(process.env.PORT ?? 3000), hostname: "127.0.0.1", silent: true, gracefulShutdown: false });
await server.ready();
console.log(`listening on ${server.url.replace(/\/$/, "")}`);

hub.closeOnSignals({ server: server.node.server });
