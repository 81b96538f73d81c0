// A server with @fastify/sse as its documentation writes one: a history in an array, `reply.sse.replay` for those who come back, and
// `reply.sse.send` to each subscriber of a topic for each update.
import sse from "@fastify/sse";
import fastify from "fastify";

const HISTORY = 1000;

const app = fastify();
// The data is text already.
await app.register(sse, { serializer: (/** @type {string} */ data) => data });

/** @typedef {{ id: string, data: string }} Message */
/** @type {Map<string, { subscribers: Set<import("fastify").FastifyReply>, history: Message[] }>} */
const topics = new Map();
let nextId = 1;

/** @param {string} name */
function topicOf(name) {
  const topic = topics.get(name) ?? { subscribers: new Set(), history: [] };
  topics.set(name, topic);
  return topic;
}

app.get("/events", { sse: "only" }, async (request, reply) => {
  const { topic } = /** @type {{ topic: string | string[] }} */ (request.query);
  const own = [topic].flat().map(topicOf);
  reply.sse.keepAlive();
  reply.sse.sendHeaders();
  reply.raw.flushHeaders();
  await reply.sse.replay(async (lastEventId) => {
    for (const { history } of own) {
      const index = history.findIndex(({ id }) => id === lastEventId);
      for (const message of history.slice(index + 1)) await reply.sse.send(message);
    }
  });
  for (const { subscribers } of own) subscribers.add(reply);
  reply.sse.onClose(() => {
    for (const { subscribers } of own) subscribers.delete(reply);
  });
});

app.post("/events", (request, reply) => {
  const { topic, data } = /** @type {{ topic: string, data: string }} */ (request.body);
  const { subscribers, history } = topicOf(topic);
  const message = { id: String(nextId++), data };
  history.push(message);
  if (history.length > HISTORY) history.shift();
  // It waits for no subscriber: one that is gone is taken out by onClose.
  for (const reply of subscribers) reply.sse.send(message).catch(() => undefined);
  void reply.send({ id: message.id });
});

console.log(`listening on ${await app.listen({ port: 0, host: "127.0.0.1" })}`);
