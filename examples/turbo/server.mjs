// Hotwire Turbo: messages appear in every open page, and private ones in their reader's pages.
//
//   npm install artesian @hotwired/turbo
//   export ARTESIAN_JWT_KEY=$(openssl rand -hex 32)        the same in both terminals
//   npx artesian serve --issuer https://example.com --jwt-alg HS256 --anonymous --trusted-proxies 127.0.0.1
//   node server.mjs
//   Open http://127.0.0.1:8080/?user=ada, then:
//   curl -d text=Hello http://127.0.0.1:8080/messages
//   curl -d text=Hello -d to=ada http://127.0.0.1:8080/messages
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { mintToken } from "artesian/http";

const hub = new URL(process.env.HUB_URL ?? "http://127.0.0.1:3000/.well-known/mercure");
/** The hub's public URL: the audience of its tokens. */
const audience = process.env.HUB_PUBLIC_URL ?? hub.href;
const page = readFileSync(new URL("page.html", import.meta.url));
const turbo = readFileSync(fileURLToPath(import.meta.resolve("@hotwired/turbo")));

/** A token for these topics, and for nothing else. */
const token = (subject, rights) =>
  mintToken({
    key: { secret: process.env.ARTESIAN_JWT_KEY, algorithm: "HS256" },
    issuer: "https://example.com",
    audience,
    subject,
    ...rights,
    lifetimeSeconds: 3600,
  });
const exact = (pattern) => ({ type: "exact", pattern });
const topicOf = (user) => `/users/${encodeURIComponent(user)}/messages`;
const escape = (plain) => plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

async function publish(topic, data, isPrivate) {
  const answer = await fetch(hub, {
    method: "POST",
    headers: { Authorization: `Bearer ${await token("app", { publish: [exact(topic)] })}` },
    body: new URLSearchParams({ topic, data, ...(isPrivate && { private: "on" }) }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.text();
}

/** Hands a subscription to the hub, so that the page's origin is the hub's. In production nginx does so. */
function forward(req, res) {
  const headers = { ...req.headers, "x-forwarded-for": req.socket.remoteAddress };
  const upstream = request(new URL(req.url, hub), { headers }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.on("error", () => res.destroy()).pipe(res);
  });
  // An EventSource gives up forever at any answer except 200: an empty stream has it come back.
  upstream.on("error", () => {
    if (!res.headersSent) res.writeHead(200, { "Content-Type": "text/event-stream" }).end("retry: 500\n\n");
  });
  res.on("close", () => upstream.destroy());
  upstream.end();
}

const server = createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, "http://localhost");
  if (req.method === "GET" && pathname === hub.pathname) forward(req, res);
  else if (req.method === "POST" && pathname === "/messages") {
    const form = new URLSearchParams(await text(req));
    const to = form.get("to");
    const item = `<li>${escape(form.get("text") ?? "")}</li>`;
    const stream = `<turbo-stream action="append" target="messages"><template>${item}</template></turbo-stream>`;
    res.end(await publish(to ? topicOf(to) : "/messages", stream, Boolean(to)));
  } else if (pathname === "/turbo.js") res.setHeader("Content-Type", "text/javascript").end(turbo);
  else if (pathname === "/") {
    // Here an application knows its user by the session.
    const user = searchParams.get("user");
    if (user) {
      const rights = { subscribe: [{ topics: [exact(topicOf(user))] }] };
      const cookie = `__Secure-mercure_access_token=${await token(user, rights)}`;
      res.setHeader("Set-Cookie", `${cookie}; Path=${hub.pathname}; Secure; HttpOnly; SameSite=Strict`);
    }
    res.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
  } else res.writeHead(404).end();
});
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
