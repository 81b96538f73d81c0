import { apache } from "../proxies/apache.ts";
import { caddy } from "../proxies/caddy.ts";
import { haproxy, promptHaproxy } from "../proxies/haproxy.ts";
import { nginx } from "../proxies/nginx.ts";
import { varnish } from "../proxies/varnish.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import type { AtEnd } from "./programs.ts";

/** What clients connect to: the hub itself, or a proxy before it. */
export interface Front {
  readonly name: string;
  /** @returns The origin. */
  readonly start: (atEnd: AtEnd, hubPort: number) => Promise<string>;
}

function behind(proxy: Proxy): Front {
  return { name: proxy.name, start: (atEnd, hubPort) => startProxy(atEnd, proxy, hubPort) };
}

/** Every front of the matrix, in its order. */
export const FRONTS: readonly Front[] = [
  { name: "direct", start: async (_, hubPort) => `http://127.0.0.1:${hubPort}` },
  behind(nginx),
  behind(caddy),
  behind(haproxy),
  behind(promptHaproxy),
  behind(apache),
  behind(varnish),
];
