import type { Proxy } from "../lib/proxy.ts";

/** Caddy with a bare `reverse_proxy`. */
export const caddy: Proxy = {
  name: "Caddy",
  command: "caddy",
  files: ({ port, upstream }) => ({
    Caddyfile: `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  reverse_proxy 127.0.0.1:${upstream}
}
`,
  }),
  args: () => ["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
};
