import { blockOf } from "../../examples/markdown.ts";
import type { Proxy } from "../lib/proxy.ts";

const OPTION = "option http-no-delay";

/** HAProxy without the option for small events. It holds each part of a stream for 200 ms, in case more comes. */
export const haproxy: Proxy = configured("HAProxy", (config) => config.replace(OPTION, ""));

/** HAProxy as docs/operate/proxies.md tells to configure it. */
export const promptHaproxy: Proxy = configured(`HAProxy, \`${OPTION}\``, (config) => config);

function configured(name: string, change: (config: string) => string): Proxy {
  return {
    name,
    command: "haproxy",
    files: ({ port, upstream }) => {
      const config = blockOf("operate/proxies.md", "haproxy").replace("bind :80", `bind 127.0.0.1:${port}`);
      return { "haproxy.cfg": change(config).replace("127.0.0.1:3000", `127.0.0.1:${upstream}`) };
    },
    args: () => ["-db", "-f", "haproxy.cfg"],
  };
}
