// A journal on disk: what was acknowledged survives a restart, and even `kill -9` and a power cut.
//
//   node examples/durable.mjs
//   curl -N 'http://127.0.0.1:3000/events/stream?last_event_id=earliest'
//
// Stop it, start it again: the counter goes on, and a browser that was subscribed misses nothing.
import { createServer } from "node:http";
import { createHub } from "artesian";
import { logJournal } from "artesian/journals/log";

const journal = await logJournal({ directory: process.env.DATA ?? "data/counter", retention: { maxCount: 100_000 } });
// Whoever reaches the server may publish and subscribe, so it listens on the loopback address only.
const hub = createHub({ journal, anonymousPublish: true });

// The journal is the only state: the counter goes on from the last update in it.
let count = 0;
const held = new AbortController();
for await (const update of hub.subscribe({
  match: "counter",
  lastEventId: "earliest",
  onLive: () => held.abort(),
  signal: held.signal,
})) {
  count = Number(update.data);
}

const server = createServer(hub.handler);
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

const counter = setInterval(() => hub.publish({ topic: "counter", data: String(++count) }), 1000);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(counter);
    server.close();
    await hub.close(); // Closes the journal too.
  });
}
