// The backend that Pushpin asks about each subscriber: it answers that the stream is to be held, on these channels.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/ready") {
    response.writeHead(204).end();
    return;
  }
  const body = ": held\n\n";
  const hold = { "Grip-Hold": "stream", "Grip-Channel": searchParams.getAll("topic").join(", ") };
  response.writeHead(200, { "Content-Type": "text/event-stream", "Content-Length": body.length, ...hold }).end(body);
});

server.listen(0, "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${address.port}`);
});
