// Artesian as it is deployed: the command `artesian serve`, with authorization and a journal on a disk that commits every update.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

import { inRepository, versionIn } from "../lib/machine.mjs";
import { BenchError, atEnd } from "../lib/processes.mjs";
import { accessTokens, ALGORITHM, AUDIENCE, ISSUER } from "../lib/tokens.mjs";
import { startCommand } from "./server.mjs";

const program = inRepository("packages/hub/dist/cli/main.js");

/** @type {string | undefined} */
let help;

/** @param {string} flag Whether this build has it. */
function hasFlag(flag) {
  help ??= spawnSync(process.execPath, [program, "serve", "--help"], { encoding: "utf8" }).stdout;
  return new RegExp(`^\\s*${flag}\\b`, "m").test(help);
}

/** @param {string} directory @param {string} [journal] */
const journalIn = (directory, journal = "log") => (journal === "memory" || journal.includes(":") ? journal : `${journal}:${directory}`);

/**
 * @param {import("./server.mjs").StartOptions & { open?: boolean }} options `open`: without authorization.
 * @returns {Promise<import("./server.mjs").RunningServer>}
 */
export async function startArtesian(options) {
  const { keyFile, publisher, subscribersFile } = await accessTokens();
  const directory = mkdtempSync(join(options.journalDirectory, "journal-"));
  const removeJournal = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const who = options.open
    ? ["--anonymous", "--anonymous-publish"]
    : ["--issuer", ISSUER, "--jwt-key", `file:${keyFile}`, "--jwt-alg", ALGORITHM, "--resource-identifier", AUDIENCE];
  const where = ["--port", "0", "--data", directory, "--journal", journalIn(directory, options.journal)];
  const workers = options.workers === undefined ? [] : ["--workers", String(options.workers)];
  return startCommand({
    ...options,
    name: "artesian",
    argv: [process.execPath, program, "serve", "--log-level", "warn", ...who, ...where, ...workers],
    env: { NODE_ENV: "production" },
    afterwards: removeJournal,
    speak: async ({ patterns, private: own = false, connections }) => ({
      subscribe: `/events/stream?${patterns ? "match_urlpattern" : "match"}={topics}`,
      and: "&match=",
      publish: "/events/stream",
      "publish-fields": `Authorization: Bearer ${publisher}\r\n`,
      ...(own && { body: "topic={topic}&private=on&data={data}" }),
      ...(connections > 0 && { tokens: await subscribersFile({ count: connections, private: own }) }),
    }),
  });
}

/**
 * Asks one for a compressed stream.
 *
 * @param {import("./server.mjs").StartOptions} options
 */
async function whyNoGzip(options) {
  const server = await startArtesian({ ...options, open: true });
  const controller = new AbortController();
  try {
    const headers = { Accept: "text/event-stream", "Accept-Encoding": "gzip" };
    const response = await fetch(`http://127.0.0.1:${server.port}/events/stream?match=probe`, { headers, signal: controller.signal });
    return response.headers.get("content-encoding") === "gzip" ? undefined : "this build of Artesian does not compress";
  } finally {
    controller.abort();
    await server.stop();
  }
}

/** @type {import("./server.mjs").Server} */
export const artesian = {
  name: "artesian",
  title: `Artesian ${versionIn(".")}: \`artesian serve\` with a token for each subscriber and a journal on disk, every update committed before it is acknowledged`,
  prepare() {
    if (!existsSync(program)) throw new BenchError("Artesian is not built: npm run build");
  },
  lacks(ability, options) {
    if (ability === "workers" && !hasFlag("--workers")) return "this build of Artesian has no --workers";
    return ability === "gzip" ? whyNoGzip(options) : undefined;
  },
  start: startArtesian,
};
