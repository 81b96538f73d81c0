// End-to-end encryption: the hub, its journal and its operator see ciphertext alone.
//
//   npm install artesian jose
//   node server.mjs
//   Open http://127.0.0.1:3000, then:
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/NAME
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { createHub } from "artesian";
import { CompactEncrypt, importJWK } from "jose";

const hub = createHub();
const page = readFileSync(new URL("page.html", import.meta.url));

/** Public keys by users' names. A real application takes a key from its logged-in user alone. */
const keys = new Map();
const MOST_KEYS = 1000;

/** Encrypts for one user, as JSON Web Encryption (RFC 7516). The time and the topic keep others from sending it again. */
async function encrypt(name, topic, text) {
  const plain = new TextEncoder().encode(JSON.stringify({ topic, at: Date.now(), text }));
  return await new CompactEncrypt(plain).setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM" }).encrypt(keys.get(name));
}

async function answer(req, res) {
  const [, route, name = ""] = req.url.split("?", 1)[0].split("/");
  const topic = `/users/${name}`;
  if (req.method === "PUT" && route === "keys" && keys.size < MOST_KEYS) {
    keys.set(name, await importJWK(await json(req), "RSA-OAEP-256"));
    res.writeHead(204).end();
  } else if (req.method === "POST" && route === "notify" && keys.has(name)) {
    const { text } = await json(req);
    res.end(await hub.publish({ topic, data: await encrypt(name, topic, text) }));
  } else if (route === "") res.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
  else res.writeHead(404).end();
}

const server = createServer((req, res) => {
  hub.handler(req, res, () => answer(req, res).catch(() => res.headersSent || res.writeHead(400).end()));
});
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

hub.closeOnSignals({ server });
