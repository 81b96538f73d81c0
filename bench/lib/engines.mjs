// What hubs of a fleet keep their updates in, each started afresh with a directory of its own.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { atEnd, BenchError, spawnOnCore, stop, waitForLine } from "./processes.mjs";

/**
 * @typedef {object} Engine
 * @property {string} name
 * @property {string} title What it is, with its version and how durable.
 * @property {1 | 2} hubs How many share it.
 * @property {string | undefined} missing Why it can't be measured on this machine.
 * @property {(options: { core: number, files: number, directory: string }) => Promise<{ journal: string, stop: () => Promise<void> }>} start `journal`: for `--journal`.
 */

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {string} command */
function versionOf(command) {
  const { stdout, stderr, error } = spawnSync(command, ["--version"], { encoding: "utf8" });
  return error ? undefined : (/\d+\.\d+\.\d+/.exec(`${stdout}${stderr}`)?.[0] ?? "of an unknown version");
}

/**
 * @param {string} directory
 * @param {string} prefix
 */
function temporary(directory, prefix) {
  const made = mkdtempSync(join(directory, prefix));
  return { made, remove: atEnd(() => rmSync(made, { recursive: true, force: true })) };
}

/** @returns {readonly Engine[]} */
export function listEngines() {
  const [redis, nats] = [versionOf("redis-server"), versionOf("nats-server")];
  return [
    {
      name: "log",
      title: "one hub alone, the log on a disk, flushed before an update is acknowledged",
      hubs: 1,
      missing: undefined,
      start: async ({ directory }) => {
        const { made, remove } = temporary(directory, "journal-");
        return { journal: `log:${made}`, stop: async () => remove() };
      },
    },
    ...["no", "always"].map((flush) => ({
      name: flush === "no" ? "redis" : "redis, flushed",
      title: `Redis ${redis}, ${flush === "no" ? "in memory" : "its log flushed to the disk before it answers (`appendfsync always`)"}`,
      hubs: /** @type {const} */ (2),
      missing: redis === undefined ? "apt-get install redis-server" : undefined,
      start: async (/** @type {{ core: number, files: number, directory: string }} */ { core, files, directory }) => {
        const { made, remove } = temporary(directory, "redis-");
        const port = await freePort();
        const log = flush === "no" ? ["--appendonly", "no"] : ["--appendonly", "yes", "--appendfsync", "always"];
        const argv = ["redis-server", "--port", String(port), "--bind", "127.0.0.1", "--dir", made, "--save", "", ...log];
        const child = spawnOnCore({ name: "redis-server", core, files, argv });
        await waitForLine(child, /Ready to accept connections/, { name: "redis-server", timeoutMs: 10_000 });
        return {
          journal: `redis://127.0.0.1:${port}`,
          stop: async () => {
            await stop(child);
            remove();
          },
        };
      },
    })),
    {
      name: "nats",
      title: `NATS ${nats} with JetStream, one server, in files (it flushes them every two minutes)`,
      hubs: 2,
      missing: nats === undefined ? "apt-get install nats-server" : undefined,
      start: async ({ core, files, directory }) => {
        const { made, remove } = temporary(directory, "nats-");
        const port = await freePort();
        const config = join(made, "nats.conf");
        writeFileSync(config, `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${made}/data", max_mem: 64M, max_file: 8G }\n`);
        const child = spawnOnCore({ name: "nats-server", core, files, argv: ["nats-server", "-c", config] });
        // It says so on its standard error alone.
        for (let tries = 0; !(await answers(port)); tries++) {
          if (tries > 100) throw new BenchError("nats-server: starting took longer than 10 s");
          await sleep(100);
        }
        return {
          journal: `nats://127.0.0.1:${port}`,
          stop: async () => {
            await stop(child);
            remove();
          },
        };
      },
    },
  ];
}

/**
 * Whether a server greets whoever connects.
 *
 * @param {number} port
 */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
