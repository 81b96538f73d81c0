import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { FeedSourceOptions } from "artesian-sources";
import { listen } from "./server.ts";

/** An item as a feed of JSON has it. */
export interface ServedItem {
  readonly id: string;
  readonly title: string;
  readonly url?: string;
  readonly summary?: string;
  readonly author?: string;
  readonly image?: string;
  /** In milliseconds since 1970. */
  readonly at?: number;
}

/** Serves feeds that a test writes. */
export interface FeedServer {
  readonly origin: string;
  /** The items of each feed by its name, newest first; served at `/NAME.json`. */
  readonly items: Map<string, ServedItem[]>;
  /** Sees each request first, and answers it by returning true. */
  gate: (req: IncomingMessage, res: ServerResponse) => boolean;
  /** Puts an item on top of a feed. */
  add(name: string, item: ServedItem): void;
}

export async function startFeedServer(): Promise<FeedServer> {
  const server = createServer((req, res) => {
    if (feeds.gate(req, res)) return;
    const name = /^\/(.+)\.json$/.exec(req.url ?? "")?.[1] ?? "";
    const items = feeds.items.get(decodeURIComponent(name));
    if (items === undefined) {
      res.writeHead(404).end();
      return;
    }
    const body = JSON.stringify({
      version: "https://jsonfeed.org/version/1.1",
      title: `The ${name}`,
      home_page_url: `https://${name}.example/`,
      items: items.map(({ id, title, url, summary, author, image, at }) => ({
        id,
        title,
        url,
        image,
        summary,
        content_text: summary ?? title,
        ...(author === undefined ? {} : { authors: [{ name: author }] }),
        ...(at === undefined ? {} : { date_published: new Date(at).toISOString() }),
      })),
    });
    res.writeHead(200, { "content-type": "application/feed+json" }).end(body);
  });
  const feeds: FeedServer = {
    origin: "",
    items: new Map(),
    gate: () => false,
    add: (name, item) => feeds.items.set(name, [item, ...(feeds.items.get(name) ?? [])]),
  };
  return Object.assign(feeds, { origin: await listen(server) });
}

/** A clock for sources whose rounds a test begins. */
export function manualRounds(sources = 1): {
  readonly clock: NonNullable<FeedSourceOptions["clock"]>;
  /** Waits until all sources pause, ends all pauses, and resolves when as many have begun again: each source has made its round. */
  next(): Promise<void>;
} {
  const sleeping = new Set<() => void>();
  let begun: () => void = () => {};
  return {
    clock: {
      random: () => 0,
      sleep: (_ms, signal) =>
        new Promise((resolve) => {
          const wake = (): void => {
            sleeping.delete(wake);
            signal.removeEventListener("abort", wake);
            resolve();
          };
          sleeping.add(wake);
          signal.addEventListener("abort", wake);
          if (signal.aborted) wake();
          begun();
        }),
    },
    async next() {
      while (sleeping.size < sources) await new Promise<void>((resolve) => (begun = resolve));
      const count = sleeping.size;
      for (const wake of sleeping) wake();
      while (sleeping.size < count) await new Promise<void>((resolve) => (begun = resolve));
    },
  };
}
