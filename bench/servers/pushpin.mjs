// Pushpin, the proxy that holds streams open for a backend, as Debian packages it; with a configuration of its own in a temporary folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inRepository } from "../lib/machine.mjs";
import { treeOf } from "../lib/process-tree.mjs";
import { BenchError, atEnd, spawnOnCore, stop, waitForLine } from "../lib/processes.mjs";
import { freePort, untilItAnswers } from "../lib/readiness.mjs";
import { findProgram, packageVersion } from "./debian.mjs";

/**
 * As Debian's, but for ports, places, its own Zurl, and no limits of rate, which would hold the figures back.
 *
 * @param {{ folder: string, port: number, publishPort: number, connections: number }} options
 */
function configuration({ folder, port, publishPort, connections }) {
  return `[global]
include={libdir}/internal.conf
rundir=${folder}/run
ipc_prefix=bench-
port_offset=0
[runner]
services=condure,zurl,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:${port}
logdir=${folder}/log
log_level=1
client_buffer_size=8192
client_maxconn=${connections}
[proxy]
routesfile=routes
zurl_out_specs=ipc://{rundir}/{ipc_prefix}zurl-in
zurl_out_stream_specs=ipc://{rundir}/{ipc_prefix}zurl-in-stream
zurl_in_specs=ipc://{rundir}/{ipc_prefix}zurl-out
[handler]
push_in_http_addr=127.0.0.1
push_in_http_port=${publishPort}
push_in_http_max_headers_size=10000
push_in_http_max_body_size=1000000
message_rate=0
message_hwm=0
connection_subscription_max=100
`;
}

/** @type {import("./server.mjs").Server} */
export const pushpin = {
  name: "pushpin",
  get title() {
    return `Pushpin ${packageVersion("pushpin")} with Condure ${packageVersion("condure")}: its four processes on one core; the backend that it asks about each subscriber is not counted, subscribers come 16 at a time and there are 32 publishers at most, as more get errors`;
  },
  missing: () =>
    ["pushpin", "condure", "zurl"].every(findProgram)
      ? undefined
      : "Pushpin is not installed; on Debian 12 and Ubuntu: apt-get install pushpin condure zurl",
  prepare: () => undefined,
  lacks: (ability) => (ability === "replay" ? "Pushpin leaves history to the backend" : undefined),
  async start({ core, files }) {
    const program = findProgram("pushpin");
    if (!program) throw new BenchError("Pushpin is not installed");
    const folder = mkdtempSync(join(tmpdir(), "artesian-bench-pushpin-"));
    const remove = atEnd(() => rmSync(folder, { recursive: true, force: true }));
    for (const name of ["run", "log"]) mkdirSync(join(folder, name));
    const backend = spawnOnCore({
      name: "pushpin's backend",
      core,
      files,
      argv: [process.execPath, inRepository("bench/servers/pushpin-backend.mjs")],
    });
    /** @type {import("../lib/processes.mjs").Child | undefined} */
    let child;
    const end = async () => {
      if (child) await stop(child);
      await stop(backend);
      remove();
    };
    try {
      const [, backendPort] = await waitForLine(backend, /listening on http:\/\/[^\s/]+:(\d+)/, {
        name: "pushpin's backend",
        timeoutMs: 20_000,
      });
      const [port, publishPort] = [await freePort(), await freePort()];
      writeFileSync(join(folder, "routes"), `* 127.0.0.1:${backendPort}\n`);
      writeFileSync(join(folder, "pushpin.conf"), configuration({ folder, port, publishPort, connections: files - 1000 }));
      child = spawnOnCore({ name: "pushpin", core, files, argv: [program, `--config=${join(folder, "pushpin.conf")}`, "--merge-output"] });
      child.stdout.resume();
      await untilItAnswers(`http://127.0.0.1:${port}/ready`, child, { name: "pushpin", timeoutMs: 20_000 });
      const { pid } = child;
      return {
        port,
        pids: () => treeOf(/** @type {number} */ (pid)),
        // It closes each publisher's connection, and its accept queue overflows with more new ones, which costs whole seconds.
        mostPublishers: 32,
        speak: () => ({
          subscribe: "/events?topic={topics}",
          and: "&topic=",
          // When many ask at once, it answers some with 502 though the backend answered them.
          "opening-at-once": 16,
          "publish-port": publishPort,
          publish: "/publish/",
          "content-type": "application/json",
          body: '{"items":[{"channel":"{topic}","formats":{"http-stream":{"content":"data: {data}\\n\\n"}}}]}',
        }),
        stop: end,
      };
    } catch (error) {
      await end();
      throw error;
    }
  },
};
