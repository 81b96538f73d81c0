import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sleep, until } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { ask, untilTaken } from "../lib/probe.ts";
import { type FaultContext, runFaults } from "../lib/run.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const FORMATS = fileURLToPath(new URL("../lib/journal-formats.mjs", import.meta.url));
/** Updates between two versions. */
const UPDATES = 1000;
const REACH_MS = 30_000;
/** How long two versions have the journal open, in milliseconds. */
const BOTH_MS = 300;

export const format: Scenario = {
  name: "format",
  promise: "R15",
  what: "under load, the journal is that of an older version, which is converted, and then that of a newer one, which running processes and new ones refuse; then it is set back",
  run: async (options) => {
    const { full, seed, report, violation } = options;
    const tally = createTally({ report, violation });
    const rounds = full ? 20 : 1;
    const outcome = await runFaults({
      seed,
      server: { workers: 2 },
      inject: async (context) => {
        for (let round = 0; round < rounds; round++) {
          await upgrade(context, options);
          await meetNewer(context, options);
          report({ name: "of an older version", value: figure(round + 1) });
          report({ name: "of a newer version", value: figure(round + 1) });
        }
      },
    });
    tally.add(`seed ${seed}`, outcome);
  },
};

/** The last process of the version before is stopped, this one begins. */
async function upgrade({ server, publisher, directory }: FaultContext, { violation }: ScenarioOptions): Promise<void> {
  await publisher.reach(publisher.acknowledged + UPDATES, REACH_MS);
  const code = await server.terminate();
  if (code !== 0) violation(`the server ended with ${code}`);
  convert(directory, "older");
  await server.start();
}

/** The other way round: a newer version has begun, and processes of this one still run. */
async function meetNewer({ server, publisher, directory }: FaultContext, { violation }: ScenarioOptions): Promise<void> {
  await publisher.reach(publisher.acknowledged + UPDATES, REACH_MS);
  const token = await mint({ publish: ["*"] });
  const pids = server.processes().join();
  convert(directory, "newer");
  const failed = publisher.failed;
  const answer = await ask(server.hub, { token, data: "probe" });
  if (answer.status !== 503 || !answer.body.includes("newer version"))
    violation(`a process of the version before answered ${answer.status}: ${answer.body}`);
  await until(REACH_MS, "refused publishers", () => publisher.failed > failed);
  const refused = await refusalOf(directory);
  if (!/has format 3; this version of Artesian reads formats 1 and 2/.test(refused))
    violation(`a start with a newer journal said: ${refused}`);
  await sleep(BOTH_MS);
  if (server.processes().join() !== pids) violation("a process of the version before ended");
  convert(directory, "back");
  await untilTaken(server.hub, token, REACH_MS);
}

function convert(directory: string, to: "older" | "newer" | "back"): void {
  const { status, stderr } = spawnSync(process.execPath, [FORMATS, join(directory, "data", "journal"), to], { encoding: "utf8" });
  if (status !== 0) throw new Error(`journal-formats.mjs: ${stderr}`);
}

/** What a server says that is started with the journal as it is now. */
async function refusalOf(directory: string): Promise<string> {
  const other = await HubServer.create({ data: join(directory, "data"), directory });
  const before = readFileSync(other.log, "utf8").length;
  try {
    await other.start();
    await other.kill("everything");
    return "nothing: it started";
  } catch {
    return readFileSync(other.log, "utf8").slice(before);
  }
}
