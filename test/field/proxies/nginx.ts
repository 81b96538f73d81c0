import { blocksOf } from "../../examples/markdown.ts";
import type { Proxy } from "../lib/proxy.ts";

/** Least that makes nginx a server; everything that concerns proxying is in `locations`, or at its default. */
export function nginxConfig(port: number, locations: string): string {
  return `
daemon off;
pid nginx.pid;
error_log stderr notice;
worker_processes 1;
${process.getuid?.() === 0 ? "user root;" : ""}
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port};
    ${locations}
  }
}
`;
}

/** nginx with all that docs/operate/nginx.md tells to configure. */
export const nginx: Proxy = {
  name: "nginx",
  command: "nginx",
  files: ({ port, upstream }) => {
    const blocks = blocksOf("operate/nginx.md").filter(({ language }) => language === "nginx");
    const locations = blocks.map(({ code }) => code.replaceAll("127.0.0.1:3000", `127.0.0.1:${upstream}`)).join("\n");
    return { "nginx.conf": nginxConfig(port, locations) };
  },
  args: ({ folder }) => ["-p", folder, "-c", "nginx.conf", "-e", "stderr"],
};
