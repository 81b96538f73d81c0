// Artesian as it is deployed: the command `artesian serve`, with an LMDB journal on a disk that commits every update.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

import { inRepository, versionIn } from "../lib/machine.mjs";
import { BenchError, atEnd } from "../lib/processes.mjs";
import { startCommand } from "./server.mjs";

const program = inRepository("dist/src/cli/main.js");

/** @type {import("./server.mjs").Server} */
export const artesian = {
  name: "artesian",
  title: `Artesian ${versionIn(".")}: \`artesian serve\` with an LMDB journal on disk, every update committed before it is acknowledged`,
  prepare() {
    if (!existsSync(program)) throw new BenchError("Artesian is not built: npm run build");
  },
  start(options) {
    const journal = mkdtempSync(join(options.journalDirectory, "journal-"));
    const removeJournal = atEnd(() => rmSync(journal, { recursive: true, force: true }));
    const where = ["--port", String(options.port ?? 0), "--journal", `lmdb:${journal}`];
    return startCommand({
      ...options,
      name: "artesian",
      argv: [process.execPath, program, "serve", "--anonymous", "--anonymous-publish", "--log-level", "warn", ...where],
      env: { NODE_ENV: "production" },
      afterwards: removeJournal,
    });
  },
};
