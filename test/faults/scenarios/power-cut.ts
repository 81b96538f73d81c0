import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sleep } from "../lib/clock.ts";
import { Filesystem } from "../lib/filesystem.ts";
import { type FaultContext, type FaultOutcome, runFaults } from "../lib/run.ts";
import type { Scenario } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";

/** Makes the journal acknowledge without a flush. */
const NO_SYNC = fileURLToPath(new URL("../lib/no-sync.mjs", import.meta.url));
const MEBIBYTES = 512;
/** The power stays on for a random time of this, in milliseconds; it takes the server about half a second to start. */
const LIFE_MS = { least: 20, most: 1000 };
const CUTS_PER_RUN = 10;
const CONTROL_CUTS = 3;

export const powerCut: Scenario = {
  name: "power-cut",
  promise: "R2",
  what: "the ext4 filesystem of the journal is shut down without a flush of its log, all processes are killed, and it is mounted again; in the control run the journal does not flush",
  needs: "root",
  run: async ({ full, seed, report, progress, violation }) => {
    const tally = createTally({ report, violation });
    const runs = full ? 20 : 1;
    let cuts = 0;
    for (let run = 0; run < runs; run++) {
      const workers = 1 + (run % 2);
      const outcome = await runCuts(seed + run, CUTS_PER_RUN, { workers }, (done) => {
        report({ name: "cuts", value: figure(++cuts) });
        progress(`run ${run + 1} of ${runs}: ${done} cuts`);
      });
      tally.add(`seed ${seed + run}, workers: ${workers}`, outcome);
    }
    const { verdict } = await runCuts(seed, CONTROL_CUTS, { workers: 1, env: { NODE_OPTIONS: `--import ${NO_SYNC}` } }, () => undefined);
    report({ name: "control: cuts", value: figure(CONTROL_CUTS) });
    report({ name: "control: lost", value: figure(verdict.counts.lost) });
    if (verdict.counts.lost === 0)
      violation("the control run lost nothing: what is acknowledged without a flush survived, so the cuts prove nothing");
  },
};

/** A run with power cuts. */
async function runCuts(
  seed: number,
  cuts: number,
  server: { readonly workers: number; readonly env?: Readonly<Record<string, string>> },
  onCut: (done: number) => void,
): Promise<FaultOutcome> {
  const filesystem = Filesystem.create("ext4", MEBIBYTES);
  const data = join(filesystem.path, "data");
  try {
    return await runFaults({
      seed,
      server: { ...server, data },
      inject: async (context) => {
        for (let cut = 1; cut <= cuts; cut++) {
          await sleep(context.random.between(LIFE_MS.least, LIFE_MS.most));
          await cutOnce(context, filesystem);
          await restart(context, data, server.env !== undefined);
          onCut(cut);
        }
        await sleep(LIFE_MS.most);
      },
    });
  } finally {
    await filesystem.close();
  }
}

async function cutOnce({ server, mark }: FaultContext, filesystem: Filesystem): Promise<void> {
  // What the disk's failure makes of the server in its last moments is no crash.
  server.expectEnd();
  filesystem.cut();
  mark();
  if (server.runs) await server.kill("everything");
  await filesystem.unmount();
  filesystem.mount();
}

/** @param mayBeDamaged - Without a flush the file may be of no use: its owner then begins an empty one, as the message says. */
async function restart({ server }: FaultContext, data: string, mayBeDamaged: boolean): Promise<void> {
  try {
    await server.start();
  } catch (error) {
    if (!mayBeDamaged || !/is damaged/.test(readFileSync(server.log, "utf8"))) throw error;
    rmSync(data, { recursive: true });
    await server.start();
  }
}
