import { blockOf } from "../../examples/markdown.ts";
import type { Proxy } from "../lib/proxy.ts";

/** Caddy as docs/operate/proxies.md tells to configure it. */
export const caddy: Proxy = {
  name: "Caddy",
  command: "caddy",
  files: ({ port, upstream }) => {
    const site = blockOf("operate/proxies.md", "caddyfile")
      .replace("events.example.com", `http://127.0.0.1:${port}`)
      .replace("127.0.0.1:3000", `127.0.0.1:${upstream}`);
    return { Caddyfile: `{\n  admin off\n  auto_https off\n}\n${site}` };
  },
  args: () => ["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
};
