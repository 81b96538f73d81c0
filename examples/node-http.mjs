// Node's own HTTP server: the hub, and a page that shows what it pushes.
//
//   node examples/node-http.mjs
//   curl -N http://127.0.0.1:3000/events/stream
//   curl -d topic=greeting -d 'data=Hello, world!' http://127.0.0.1:3000/events/stream
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createHub } from "artesian";

// Whoever reaches the server may publish and subscribe, so it listens on the loopback address only.
const hub = createHub({ anonymousPublish: true });
const page = await readFile(new URL("page.html", import.meta.url));

// What is not for the hub goes to the function.
const server = createServer((req, res) => {
  hub.handler(req, res, () => res.setHeader("Content-Type", "text/html; charset=utf-8").end(page));
});
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

const clock = setInterval(() => hub.publish({ topic: "clock", data: new Date().toISOString() }), 1000);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(clock);
    server.close();
    await hub.close(); // Tells the subscribers to come back later, and ends their streams.
  });
}
