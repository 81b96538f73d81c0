// Express 5 with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian express express-session compression
//   node express.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { createHub } from "artesian";
import compression from "compression";
import express from "express";
import session from "express-session";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);
const page = readFileSync(new URL("page.html", import.meta.url), "utf8");

const store = new session.MemoryStore();
const readSession = promisify(store.get.bind(store));

const hub = createHub({
  path: "/api/live",
  // From the store, because the hub asks again while the stream is open.
  async authorize({ sessionID }) {
    const user = (await readSession(sessionID))?.user;
    return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
  },
});

const app = express();
app.use(compression({ threshold: 0 }));
app.use(session({ store, secret: process.env.SESSION_SECRET ?? "for a first try", resave: false, saveUninitialized: false }));
app.use(hub.handler); // After the session, and before body parsers.
app.use(express.urlencoded(), express.json());

app.get("/", (_req, res) => res.send(page));
app.post("/login", (req, res) => {
  req.session.user = req.body.user; // A real application asks for a password.
  res.redirect(303, "/"); // The page opens its stream again.
});
app.post("/logout", async (req, res) => {
  const { user } = req.session;
  await promisify(req.session.destroy.bind(req.session))();
  if (user) await hub.disconnect({ subject: user });
  res.sendStatus(204);
});
app.post("/notify/:user", async (req, res) => {
  const id = await hub.publish({ topic: `/users/${req.params.user}`, data: req.body.text });
  res.status(201).json({ id });
});
// A stream that the application decides on.
app.get("/orders/:id", (req, res) => {
  const { user } = req.session;
  hub.stream(req, res, user && { match: `/orders/${req.params.id}`, subject: user });
});
app.get("/health", (_req, res) => res.json({ streams: hub.stats().subscribers }));

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", (error) => {
  if (error) throw error;
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

hub.closeOnSignals({ server });
