// Nchan, the module of nginx in C, as Debian packages it; with a configuration of its own in a temporary folder.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { treeOf } from "../lib/process-tree.mjs";
import { BenchError, atEnd, spawnOnCore, stop } from "../lib/processes.mjs";
import { freePort, untilItAnswers } from "../lib/readiness.mjs";
import { findProgram, packageVersion } from "./debian.mjs";

const MODULES = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/lib/nginx/modules"].map(
  (folder) => `${folder}/ngx_nchan_module.so`,
);

const findModule = () => MODULES.find((file) => existsSync(file));

/**
 * One worker, no log of accesses, and for the rest the module's defaults but for a buffer long enough to replay from.
 *
 * @param {{ folder: string, port: number, connections: number, module: string }} options
 */
function configuration({ folder, port, connections, module }) {
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${folder}/${name};`);
  return `load_module ${module};
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
worker_rlimit_nofile ${connections};
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections ${connections}; }
http {
  access_log off;
${places.join("\n")}
  tcp_nodelay on;
  keepalive_timeout 65s;
  keepalive_requests 100000000;
  nchan_shared_memory_size 512M;
  server {
    listen 127.0.0.1:${port};
    location = /ready { return 204; }
    location ~ ^/pub/(.+)$ {
      nchan_publisher;
      nchan_channel_id $1;
      nchan_message_buffer_length 200;
      nchan_message_timeout 10m;
    }
    location ~ ^/sub/(.+)$ {
      nchan_subscriber eventsource;
      nchan_channel_id $1;
      nchan_channel_id_split_delimiter ",";
      nchan_subscriber_first_message newest;
    }
  }
}
`;
}

/** @type {import("./server.mjs").Server} */
export const nchan = {
  name: "nchan",
  get title() {
    return `Nchan ${packageVersion("libnginx-mod-nchan")} in nginx ${packageVersion("nginx-light")}: one worker, messages in memory (volatile)`;
  },
  missing() {
    const install = "on Debian and Ubuntu: apt-get install nginx-light libnginx-mod-nchan";
    if (!findProgram("nginx")) return `nginx is not installed; ${install}`;
    return findModule() ? undefined : `the module ngx_nchan_module.so is not installed; ${install}`;
  },
  prepare: () => undefined,
  async start({ core, files }) {
    const [program, module] = [findProgram("nginx"), findModule()];
    if (!program || !module) throw new BenchError("Nchan is not installed");
    const folder = mkdtempSync(join(tmpdir(), "artesian-bench-nchan-"));
    const remove = atEnd(() => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    writeFileSync(join(folder, "nginx.conf"), configuration({ folder, port, connections: files - 100, module }));
    const argv = [program, "-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
    const child = spawnOnCore({ name: "nchan", core, files, argv });
    const end = async () => {
      await stop(child);
      remove();
    };
    try {
      await untilItAnswers(`http://127.0.0.1:${port}/ready`, child, { name: "nchan", timeoutMs: 20_000 });
    } catch (error) {
      await end();
      throw error;
    }
    return {
      port,
      pids: () => treeOf(/** @type {number} */ (child.pid)),
      speak: () => ({ subscribe: "/sub/{topics}", and: ",", publish: "/pub/{topic}", body: "{data}", "content-type": "text/plain" }),
      stop: end,
    };
  },
};
