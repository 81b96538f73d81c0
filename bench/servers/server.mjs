// What every server of the comparison has in common: how it is started on a core, found and stopped.
import { spawnOnCore, stop, waitForLine } from "../lib/processes.mjs";

/**
 * @typedef {object} RunningServer
 * @property {string} url Its origin.
 * @property {number} port
 * @property {number} pid The process that does all the work.
 * @property {() => Promise<void>} stop
 */

/**
 * @typedef {object} StartOptions
 * @property {number} core The core it may use.
 * @property {number} files Descriptors that it should be allowed.
 * @property {number} [port] 0, the default, takes any free one.
 * @property {string} journalDirectory Where a server with a journal puts a temporary one: on a disk.
 */

/**
 * @typedef {object} Server
 * @property {string} name
 * @property {string} title What it is, with versions, for the reader of a figure.
 * @property {() => void} prepare Gets or checks what it needs, before anything is measured.
 * @property {(options: StartOptions) => Promise<RunningServer>} start
 */

/**
 * Starts a command that prints `listening on http://…` and needs no more than this.
 *
 * @param {StartOptions & { name: string, argv: readonly string[], env?: Record<string, string>, afterwards?: () => void }} options
 *   `afterwards`: what to clean up once it has ended.
 * @returns {Promise<RunningServer>}
 */
export async function startCommand({ name, core, files, argv, env = {}, afterwards = () => undefined }) {
  const child = spawnOnCore({ name, core, files, argv, env });
  const end = async () => {
    await stop(child);
    afterwards();
  };
  try {
    const [, url = "", port] = await waitForLine(child, /listening on (http:\/\/[^\s/]+:(\d+))/, { name, timeoutMs: 20_000 });
    return { url, port: Number(port), pid: /** @type {number} */ (child.pid), stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}
