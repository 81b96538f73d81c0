// What every server of the comparison has in common: how it is started on a core, found, spoken to and stopped.
import { treeOf } from "../lib/process-tree.mjs";
import { spawnOnCore, stop, waitForLine } from "../lib/processes.mjs";

/** @typedef {Readonly<Record<string, string | number | true>>} LoadOptions Options of the load generator (`native/load/main.c`), by name. */

/**
 * What a measurement asks of a server.
 *
 * @typedef {object} Needs
 * @property {boolean} [patterns] Subscribers ask by URL patterns, where there are any; else by the topics that those select.
 * @property {boolean} [private] Each topic may be read by its subscribers only, where there is such a thing.
 * @property {boolean} [replay] Updates are missed and caught up with.
 * @property {number} connections
 */

/**
 * @typedef {object} RunningServer
 * @property {number} port
 * @property {() => readonly number[]} pids The processes that do all the work.
 * @property {(needs: Needs) => LoadOptions | Promise<LoadOptions>} speak How its subscribers and publishers speak.
 * @property {number} [mostPublishers] That it can take at once.
 * @property {() => Promise<void>} stop
 */

/**
 * @typedef {object} StartOptions
 * @property {number} core The core it may use.
 * @property {number} files Descriptors that it should be allowed.
 * @property {string} journalDirectory Where a server with a journal puts a temporary one: on a disk.
 * @property {string} [journal] Artesian's: `log` or another kind that takes a directory, or all that `--journal` takes. Default: `log`.
 * @property {boolean} [replay] It must be able to replay.
 * @property {number} [workers] Processes that share the port.
 */

/** @typedef {"topics" | "replay" | "memory" | "workers" | "gzip"} Ability */

/**
 * @typedef {object} Server
 * @property {string} name
 * @property {string} title What it is, with versions, for the reader of a figure.
 * @property {() => string | undefined} [missing] Why it can't be measured on this machine, and what would help.
 * @property {() => void} prepare Gets or checks what it needs, before anything is measured.
 * @property {(ability: Ability, options: StartOptions) => string | undefined | Promise<string | undefined>} [lacks] Why it can't take part in what needs this.
 * @property {(options: StartOptions) => Promise<RunningServer>} start
 */

/**
 * Starts a command that prints `listening on http://…` and needs no more than this.
 *
 * @param {StartOptions & { name: string, argv: readonly string[], env?: Record<string, string>, afterwards?: () => void,
 *   speak: RunningServer["speak"] }} options `afterwards`: what to clean up once it has ended.
 * @returns {Promise<RunningServer>}
 */
export async function startCommand({ name, core, files, argv, env = {}, afterwards = () => undefined, speak }) {
  const child = spawnOnCore({ name, core, files, argv, env });
  const end = async () => {
    await stop(child);
    afterwards();
  };
  try {
    const [, port] = await waitForLine(child, /listening on http:\/\/[^\s/]+:(\d+)/, { name, timeoutMs: 20_000 });
    const pid = /** @type {number} */ (child.pid);
    return { port: Number(port), pids: () => treeOf(pid), speak, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}
