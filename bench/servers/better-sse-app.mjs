// A server as better-sse's documentation writes one: a session per GET, registered in a channel for each of its topics, and
// `channel.broadcast` for each update.
import { createChannel, createSession } from "better-sse";
import express from "express";

const app = express();
/** @type {Map<string, import("better-sse").Channel>} */
const channels = new Map();

/** @param {string} topic */
function channelOf(topic) {
  const channel = channels.get(topic) ?? createChannel();
  channels.set(topic, channel);
  return channel;
}

// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 handles a rejection, and so the documentation writes it.
app.get("/events", async (request, response) => {
  const session = await createSession(request, response);
  const { topic } = /** @type {{ topic: string | string[] }} */ (request.query);
  for (const name of [topic].flat()) channelOf(name).register(session);
});

app.post("/events", express.urlencoded({ extended: false }), (request, response) => {
  channels.get(request.body.topic)?.broadcast(request.body.data, "message");
  response.type("text/plain").send("published");
});

const server = app.listen(0, "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${address.port}`);
});
