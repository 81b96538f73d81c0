import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { tmpdir } from "node:os";
import { onTestFinished } from "vitest";

/** The least that makes nginx a reverse proxy; all that concerns proxying is left at its default. */
function config(port: number, upstream: number, extra: string): string {
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
    location / {
      proxy_pass http://127.0.0.1:${upstream};
    }
    ${extra}
  }
}
`;
}

/**
 * Starts the real nginx in front of a port of the loopback; it ends with the test.
 *
 * @param extra - More lines of its `server` block.
 * @returns Its origin, `http://127.0.0.1:PORT`.
 */
export async function startNginx(upstream: number, extra = ""): Promise<string> {
  const prefix = await mkdtemp(join(tmpdir(), "artesian-nginx-"));
  const port = await freePort();
  await writeFile(join(prefix, "nginx.conf"), config(port, upstream, extra));
  const child = spawn("nginx", ["-p", prefix, "-c", "nginx.conf", "-e", "stderr"], {
    // Debian has it where only the superuser's PATH leads.
    env: { ...process.env, PATH: [process.env.PATH, "/usr/sbin", "/usr/local/sbin"].join(delimiter) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await exited;
    await rm(prefix, { recursive: true });
  });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      // It listens before it starts those.
      if (log.includes("start worker process")) resolve();
    });
    exited.then(() => reject(new Error(`nginx ended.\n${log}`)), reject);
  });
  return `http://127.0.0.1:${port}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
