// Fastify 5: the hub beside ordinary routes, one of which publishes.
//
//   npm install fastify
//   node examples/fastify.mjs
//   curl -N http://127.0.0.1:3000/events/stream
//   curl --json '{"name":"world"}' http://127.0.0.1:3000/greetings
import { createHub } from "artesian";
import createFastify from "fastify";

// Whoever reaches the server may publish and subscribe, so it listens on the loopback address only.
const hub = createHub({ anonymousPublish: true });

const app = createFastify();
app.addHook("onRequest", async (request, reply) => {
  if (!hub.handles(request.url.split("?", 1)[0])) return;
  reply.hijack(); // The hub answers, and reads the body itself; Fastify does nothing more for this request.
  // What plugins such as @fastify/cors have set on the reply: register them before this hook.
  reply.raw.setHeaders(new Map(Object.entries(reply.getHeaders())));
  hub.handler(request.raw, reply.raw);
});
app.post("/greetings", async (request, reply) => {
  const id = await hub.publish({ topic: "greeting", data: `Hello, ${request.body.name}!` });
  return reply.code(201).send({ id });
});

console.log(`listening on ${await app.listen({ port: Number(process.env.PORT ?? 3000), host: "127.0.0.1" })}`);

const clock = setInterval(() => hub.publish({ topic: "clock", data: new Date().toISOString() }), 1000);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(clock);
    // Together: Fastify waits for the streams to end, and the hub ends them.
    await Promise.all([app.close(), hub.close()]);
  });
}
