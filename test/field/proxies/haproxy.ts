import type { Proxy } from "../lib/proxy.ts";

/** HAProxy with the three timeouts that it asks for. It holds each part of a stream for 200 ms, in case more comes. */
export const haproxy: Proxy = configured("HAProxy", "");

/** HAProxy with the option that ends this. */
export const promptHaproxy: Proxy = configured("HAProxy, `option http-no-delay`", "option http-no-delay");

function configured(name: string, option: string): Proxy {
  return {
    name,
    command: "haproxy",
    files: ({ port, upstream }) => ({
      "haproxy.cfg": `defaults
  mode http
  ${option}
  timeout connect 5s
  timeout client 50s
  timeout server 50s
listen hub
  bind 127.0.0.1:${port}
  server hub 127.0.0.1:${upstream}
`,
    }),
    args: () => ["-db", "-f", "haproxy.cfg"],
  };
}
