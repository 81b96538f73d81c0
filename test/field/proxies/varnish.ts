import type { Proxy } from "../lib/proxy.ts";

/** Varnish with a backend and no other rule. */
export const varnish: Proxy = {
  name: "Varnish",
  command: "varnishd",
  files: ({ upstream }) => ({
    "hub.vcl": `vcl 4.1;
backend hub {
  .host = "127.0.0.1";
  .port = "${upstream}";
}
`,
  }),
  // Without a jail: the jail's users exist only where a package made them.
  args: ({ port, folder }) => [
    "-F",
    "-j",
    "none",
    "-n",
    `${folder}/state`,
    "-a",
    `127.0.0.1:${port}`,
    "-f",
    `${folder}/hub.vcl`,
    "-s",
    "malloc,16m",
  ],
};
