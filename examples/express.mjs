// Express 5: the hub beside ordinary routes, one of which publishes.
//
//   npm install express
//   node examples/express.mjs
//   curl -N http://127.0.0.1:3000/events/stream
//   curl --json '{"name":"world"}' http://127.0.0.1:3000/greetings
import { createHub } from "artesian";
import express from "express";

// Whoever reaches the server may publish and subscribe, so it listens on the loopback address only.
const hub = createHub({ anonymousPublish: true });

const app = express();
app.use(hub.handler); // Before body parsers, which would take away what publishers send.
app.use(express.json());
app.post("/greetings", (req, res, next) => {
  hub.publish({ topic: "greeting", data: `Hello, ${req.body.name}!` }).then((id) => res.status(201).json({ id }), next);
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", (error) => {
  if (error) throw error;
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

const clock = setInterval(() => hub.publish({ topic: "clock", data: new Date().toISOString() }), 1000);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(clock);
    server.close();
    await hub.close();
  });
}
