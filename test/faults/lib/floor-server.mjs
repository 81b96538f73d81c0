// The least that a server of the same promises does: `node floor-server.mjs serve --port N --data DIR --refusal STATUS [--most CONNECTIONS]`. Updates go to a file that is flushed, and then to the
// streams; everything else is read and answered by one status. An attack that costs others something here costs it by its own traffic: the attacker shares the machine.
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

const valueOf = (flag) => process.argv[process.argv.lastIndexOf(flag) + 1];
const refusal = Number(valueOf("--refusal"));
/** Connections. Beyond them the oldest one without a request is cut, as in the hub. */
const most = process.argv.includes("--most") ? Number(valueOf("--most")) : Infinity;
const journal = await open(join(valueOf("--data"), "journal"), "a");
const sockets = new Set();
let published = 0;
/** As long as the hub's ids. */
const nextId = () => `#${String(++published).padStart(22, "0")}`;

/** @returns The socket. What is written to it as a chunk costs the least. */
function openStream(req, res) {
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  if (req.method === "HEAD") res.end();
  else res.flushHeaders();
  return req.socket;
}

/** @returns The ids. Lines are those of test/faults/lib/numbered.ts; the form of a newcomer is one update that nobody reads. */
async function publish(body) {
  await journal.write(body);
  await journal.datasync();
  const ids = [];
  let frames = "";
  for (const line of body.split("\n")) {
    const { topic, data } = line.startsWith("{") ? JSON.parse(line) : {};
    ids.push(nextId());
    if (topic === "flow") frames += `id: ${ids.at(-1)}\ndata: ${data}\n\n`;
  }
  const chunk = Buffer.from(`${Buffer.byteLength(frames).toString(16)}\r\n${frames}\r\n`);
  if (frames !== "") for (const socket of sockets) socket.write(chunk);
  return ids.join("\n");
}

async function answer(req, res, body) {
  if (body !== undefined) res.writeHead(200, { "content-type": "text/plain" }).end(await publish(body));
  else if (req.url.endsWith("?match=flow")) {
    const socket = openStream(req, res);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  } else if (refusal === 200 || req.url.endsWith("?match=a")) openStream(req, res);
  // The hub, too, closes connections that it refuses by 503.
  else res.writeHead(refusal, { "content-type": "application/problem+json", ...(refusal === 503 && { connection: "close" }) }).end("{}\n");
}

const server = createServer((req, res) => {
  const parts = req.headers.authorization === undefined ? undefined : [];
  // A refused body is read and dropped.
  req.on("data", (part) => void parts?.push(part));
  req.on("end", () => void answer(req, res, parts && Buffer.concat(parts).toString()));
});
const idle = new Set();
let connections = 0;
server.on("connection", (socket) => {
  connections++;
  idle.add(socket);
  socket.once("close", () => {
    connections--;
    idle.delete(socket);
  });
  const [oldest] = idle;
  if (connections <= most || oldest === undefined) return;
  // Counted at its end, which is soon: one at a time is enough.
  idle.delete(oldest);
  oldest.resetAndDestroy();
});
server.on("request", (req) => idle.delete(req.socket));
server.listen(Number(valueOf("--port")), "127.0.0.1", () => console.log("listening on the loopback"));
process.on("SIGTERM", () => process.exit());
