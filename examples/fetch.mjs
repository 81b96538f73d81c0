// The Fetch API alone: a module whose default export has `fetch`, as Bun and Deno serve it by themselves.
//
//   npm install @hono/node-server
//   node examples/fetch.mjs
//   curl -N http://127.0.0.1:3000/events/stream
//   curl -d topic=greeting -d 'data=Hello, world!' http://127.0.0.1:3000/events/stream
import { createHub } from "artesian";

const hub = createHub({ anonymousPublish: true });

const app = {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (hub.handles(pathname)) return hub.fetch(request);
    await hub.publish({ topic: "visit", data: pathname });
    return new Response("Everyone who is subscribed knows now that you were here.\n");
  },
};

export default app;

// Node does not serve such a module by itself. (Its versions before 21 have no `navigator`.)
if ((globalThis.navigator?.userAgent ?? "Node.js").startsWith("Node.js")) {
  const { serve } = await import("@hono/node-server");
  // Whoever reaches the server may publish and subscribe, so it listens on the loopback address only.
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
}
