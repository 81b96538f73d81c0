// A server as better-sse's documentation writes one: a session per GET, registered in a channel, and
// `channel.broadcast` for each update. Usage: node better-sse-app.mjs [PORT]
import { createChannel, createSession } from "better-sse";
import express from "express";

const app = express();
const channel = createChannel();

// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 handles a rejection, and so the documentation writes it.
app.get("/events/stream", async (request, response) => {
  const session = await createSession(request, response);
  channel.register(session);
});

app.post("/events/stream", express.urlencoded({ extended: false }), (request, response) => {
  channel.broadcast(request.body.data, "message");
  response.type("text/plain").send("published");
});

const server = app.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${address.port}`);
});
