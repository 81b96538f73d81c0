// The least that answers polls: the newest update as JSON with an ETag, 304 to who has it already. Everything is computed once an update.
import { createServer } from "node:http";

let body = Buffer.from('{"data":""}');
let etag = '"0"';
let updates = 0;

const server = createServer((request, response) => {
  if (request.method === "GET") {
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304, { ETag: etag, "Cache-Control": "no-cache" }).end();
    } else {
      const headers = { "Content-Type": "application/json", "Content-Length": body.length, ETag: etag, "Cache-Control": "no-cache" };
      response.writeHead(200, headers).end(body);
    }
    return;
  }
  /** @type {Buffer[]} */
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const data = new URLSearchParams(Buffer.concat(chunks).toString()).get("data");
    body = Buffer.from(JSON.stringify({ data }));
    etag = `"${++updates}"`;
    response.writeHead(204).end();
  });
});
// Above the longest interval of polling: the default of 5 s would make each poll of 5 s a new connection.
server.keepAliveTimeout = 65_000;

server.listen(0, "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${address.port}`);
});
