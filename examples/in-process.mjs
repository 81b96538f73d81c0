// A reader in the server's own process: it gets the updates as an async iterable, and answers each with another.
//
//   node examples/in-process.mjs
//   curl -N http://127.0.0.1:3000/events/stream
//   curl -d topic=/orders/7 -d 'data=two cups' http://127.0.0.1:3000/events/stream
import { createServer } from "node:http";
import { createHub } from "artesian";

// Whoever reaches the server may publish and subscribe, so it listens on the loopback address only.
const hub = createHub({ anonymousPublish: true });

const server = createServer(hub.handler);
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

let number = 0;
const orders = setInterval(() => hub.publish({ topic: `/orders/${++number}`, data: "a pot of tea" }), 2000);

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopping.abort());

// It reads at its own pace, off the journal: being slow costs it nothing but time.
for await (const update of hub.subscribe({ matchUrlPattern: "/orders/:number", signal: stopping.signal })) {
  const [topic] = update.topics;
  console.log(`${topic}: ${update.data}`);
  await hub.publish({ topic: `${topic}/receipt`, data: `Received: ${update.data}` });
}

clearInterval(orders);
server.close();
await hub.close();
