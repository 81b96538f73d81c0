// A server that is wrong in the way that it is told to be, to see that the load generator notices. Usage: node liar-app.mjs WAY
import { createServer } from "node:http";

const way = process.argv[2] ?? "honest";
const HEAD = { "Content-Type": "text/event-stream" };

/** @type {{ topic: string, send: (text: string) => void, end: () => void }[]} */
const subscribers = [];
/** @type {{ topic: string, frame: string }[]} */
const history = [];

/** @param {string} topic @param {string} data */
function deliver(topic, data) {
  const number = history.length;
  const frame = `id: ${number}\ndata: ${data}\n\n`;
  history.push({ topic, frame });
  const audience = way === "strays" ? subscribers : subscribers.filter((subscriber) => subscriber.topic === topic);
  const [first, second] = audience;
  for (const subscriber of audience) {
    // Two subscribers: one gets every even update twice, the other every odd one, so that all counts are right.
    if (way === "swaps" && subscriber === (number % 2 === 0 ? second : first)) continue;
    if (way === "loses" && subscriber === second && number === 3) continue;
    subscriber.send(way === "repeats" || way === "swaps" ? frame + frame : frame);
  }
  if (way === "closes" && number === 3) first?.end();
}

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "GET") {
    const topic = searchParams.get("match") ?? "";
    response.writeHead(200, HEAD).flushHeaders();
    subscribers.push({ topic, send: (text) => void response.write(text), end: () => void request.socket.end() });
    request.socket.once("close", () => subscribers.splice(0));
    const last = request.headers["last-event-id"];
    if (last === undefined) return;
    const missed = history.slice(way === "forgets" ? 0 : Number(last) + 1);
    response.write(missed.map(({ frame }) => frame).join(""));
    return;
  }
  /** @type {Buffer[]} */
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    deliver(form.get("topic") ?? "", form.get("data") ?? "");
    response.writeHead(way === "refuses" ? 507 : 204).end();
  });
});

server.listen(0, "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${address.port}`);
});
