import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { writeSelfNamed } from "../../../packages/hub/src/journals/log/files/file-identity.ts";
import { sleep, until } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { ask, untilTaken } from "../lib/probe.ts";
import { type FaultContext, runFaults } from "../lib/run.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

/** Updates between two changes. */
const UPDATES = 1000;
const REACH_MS = 30_000;
/** How long the journal is one of a newer version, in milliseconds. */
const BOTH_MS = 300;

export const format: Scenario = {
  name: "format",
  promise: "R15",
  what: "under load, the journal becomes one of a newer version, which running processes and new ones refuse and leave as it is; then it is set back",
  run: async (options) => {
    const { full, seed, report, violation } = options;
    const tally = createTally({ report, violation });
    const rounds = full ? 20 : 1;
    const outcome = await runFaults({
      seed,
      server: { workers: 2 },
      inject: async (context) => {
        for (let round = 0; round < rounds; round++) {
          await meetNewer(context, options);
          report({ name: "of a newer version", value: figure(round + 1) });
        }
      },
    });
    tally.add(`seed ${seed}`, outcome);
  },
};

/** A newer version has begun, and processes of this one still run. */
async function meetNewer({ server, publisher, directory }: FaultContext, { violation }: ScenarioOptions): Promise<void> {
  await publisher.reach(publisher.acknowledged + UPDATES, REACH_MS);
  const token = await mint({ publish: ["*"] });
  const pids = server.processes().join();
  const journal = join(directory, "data", "journal");
  const identity = join(journal, "identity");
  renameSync(identity, `${identity}.kept`);
  writeNewer(identity, readFileSync(`${identity}.kept`, "utf8"));
  const failed = publisher.failed;
  const answer = await ask(server.hub, { token, data: "probe" });
  if (answer.status !== 503 || !answer.body.includes("journal_unavailable"))
    violation(`a process of the version before answered ${answer.status}: ${answer.body}`);
  await until(REACH_MS, "refused publishers", () => publisher.failed > failed);
  const refused = await refusalOf(directory);
  if (!/has format 2; this version of Artesian reads format 1/.test(refused)) violation(`a start with a newer journal said: ${refused}`);
  await sleep(BOTH_MS);
  if (server.processes().join() !== pids) violation("a process of the version before ended");
  if (!readFileSync(identity, "utf8").includes("artesian log 2 ")) violation("the identity of the newer version was written over");
  renameSync(`${identity}.kept`, identity);
  await untilTaken(server.hub, token, REACH_MS);
}

/** Writes the identity of a format that does not exist yet. */
function writeNewer(path: string, present: string): void {
  const [, epoch = ""] = /artesian log 1 (\S+)/.exec(present) ?? [];
  const line = `artesian log 2 ${epoch} of another form`;
  writeSelfNamed(path, `${line} ${crc32(line).toString(16).padStart(8, "0")}\n`);
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
