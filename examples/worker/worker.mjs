// A hub in a Durable Object of Cloudflare Workers.
import { createHub } from "artesian";
import { memoryJournal } from "artesian/journals/memory";

const MIB = 2 ** 20;

/** One object has all streams, so that each publish reaches all of them. */
export class Live {
  hub = createHub({
    anonymous: true,
    // The runtime compresses answers by itself, in blocks that would hold small events back.
    compression: false,
    // An object has 128 MB for all that it does.
    journal: memoryJournal({ retention: { maxCount: 10_000, maxBytes: 8 * MIB } }),
    limits: { heldBytes: 8 * MIB, pendingBodyBytes: 8 * MIB },
  });

  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (this.hub.handles(pathname)) return this.hub.fetch(request);
    if (request.method !== "POST" || pathname !== "/orders") return new Response("Nothing is here.", { status: 404 });
    // A real application asks who sends the order.
    if (Number(request.headers.get("Content-Length") ?? Infinity) > MIB) return new Response("Too large.", { status: 413 });
    const id = await this.hub.publish({ topic: "/orders", data: await request.text() });
    return Response.json({ id });
  }
}

export default {
  fetch: (request, env) => env.LIVE.get(env.LIVE.idFromName("live")).fetch(request),
};
