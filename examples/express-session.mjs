// Express 5 with sessions: each user receives what is published for this user alone, until logout.
//
//   npm install express express-session
//   node examples/express-session.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N http://127.0.0.1:3000/events/stream
//   curl -d text=Hello http://127.0.0.1:3000/notify/ada
import { promisify } from "node:util";
import { createHub } from "artesian";
import express from "express";
import session from "express-session";

const store = new session.MemoryStore();
const readSession = promisify(store.get.bind(store));

const hub = createHub({
  // From the store, because the hub asks again while the stream is open.
  async authorize({ sessionID }) {
    const user = (await readSession(sessionID))?.user;
    return user && { subject: user, subscribe: [`/users/${user}`] };
  },
});

const app = express();
app.use(session({ store, secret: process.env.SESSION_SECRET ?? "for a first try", resave: false, saveUninitialized: false }));
app.use(hub.handler); // After the session, and before body parsers.
app.use(express.urlencoded());

app.post("/login", (req, res) => {
  req.session.user = req.body.user; // A real application asks for a password.
  res.sendStatus(204);
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
app.get("/", (_req, res) => {
  res.send(`<!doctype html>
<form method="post" action="/login"><input name="user" aria-label="Your name"> <button>Log in</button></form>
<ol></ol>
<script>
  new EventSource("/events/stream?match_urlpattern=/users/:me").onmessage = ({ data }) =>
    document.querySelector("ol").append(Object.assign(document.createElement("li"), { textContent: data }));
</script>`);
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", (error) => {
  if (error) throw error;
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

hub.closeOnSignals({ server });
