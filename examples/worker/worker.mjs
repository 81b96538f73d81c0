// A hub in a Durable Object of Cloudflare Workers.
import { createHub } from "artesian";

/** One object has all streams, so that each publish reaches all of them. */
export class Live {
  // The runtime compresses answers by itself, in blocks that would hold small events back.
  hub = createHub({ anonymous: true, compression: false });

  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (this.hub.handles(pathname)) return this.hub.fetch(request);
    if (request.method !== "POST" || pathname !== "/orders") return new Response("Nothing is here.", { status: 404 });
    const id = await this.hub.publish({ topic: "/orders", data: await request.text() });
    return Response.json({ id });
  }
}

export default {
  fetch: (request, env) => env.LIVE.get(env.LIVE.idFromName("live")).fetch(request),
};
