import { onTestFinished } from "vitest";
import { type Proxy, startProxy } from "../field/lib/proxy.ts";
import { nginx, nginxConfig } from "../field/proxies/nginx.ts";

/**
 * Starts the real nginx in front of a port of the loopback, everything that concerns proxying at its default. nginx ends with the test.
 *
 * @param extra - More lines of its `server` block.
 * @returns Its origin, `http://127.0.0.1:PORT`.
 */
export async function startNginx(upstream: number, extra = ""): Promise<string> {
  const proxy: Proxy = {
    ...nginx,
    files: ({ port }) => ({ "nginx.conf": nginxConfig(port, `location / { proxy_pass http://127.0.0.1:${upstream}; } ${extra}`) }),
  };
  return startProxy(onTestFinished, proxy, upstream);
}
