// Hono, here on Node; the same routes run wherever Hono does.
//
//   npm install hono @hono/node-server
//   node examples/hono.mjs
//   curl -N http://127.0.0.1:3000/events/stream
//   curl --json '{"name":"world"}' http://127.0.0.1:3000/greetings
import { serve } from "@hono/node-server";
import { createHub } from "artesian";
import { Hono } from "hono";

// Whoever reaches the server may publish and subscribe, so it listens on the loopback address only.
const hub = createHub({ anonymousPublish: true });

const app = new Hono();
app.all("/events/stream", (c) => hub.fetch(c.req.raw));
app.post("/greetings", async (c) => {
  const { name } = await c.req.json();
  const id = await hub.publish({ topic: "greeting", data: `Hello, ${name}!` });
  return c.json({ id }, 201);
});

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: "127.0.0.1" }, ({ port }) => {
  console.log(`listening on http://127.0.0.1:${port}`);
});

const clock = setInterval(() => hub.publish({ topic: "clock", data: new Date().toISOString() }), 1000);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(clock);
    server.close();
    await hub.close();
    server.closeIdleConnections(); // Those that a stream has just left.
  });
}
