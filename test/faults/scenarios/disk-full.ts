import { join } from "node:path";
import { isRunning } from "../lib/cleanup.ts";
import { sleep, until } from "../lib/clock.ts";
import { Filesystem } from "../lib/filesystem.ts";
import { type Answer, ask, untilTaken } from "../lib/probe.ts";
import { type FaultContext, type FaultOutcome, runFaults } from "../lib/run.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const MEBIBYTES = 16;
/** Large, so that the room which the journal has left is soon used up. */
const LARGE_BYTES = 600_000;
/** How long the disk stays full, in milliseconds. */
const FULL_MS = 1000;
/** Updates between two times. */
const UPDATES = 500;
const RECOVER_MS = 10_000;

export const diskFull: Scenario = {
  name: "disk-full",
  promise: "R9",
  what: `a filesystem of ${MEBIBYTES} MiB, in memory and ext4, is filled up while updates are published, and freed again`,
  needs: "root",
  run: async (options) => {
    const { full, seed, report, violation } = options;
    const tally = createTally({ report, violation });
    const seen: Seen = { fills: 0, refusals: 0, slowestMs: 0 };
    const rounds = full ? 20 : 1;
    for (const kind of ["tmpfs", "ext4"] as const) {
      for (const workers of [1, 2]) {
        tally.add(`${kind}, workers: ${workers}`, await fillAgainAndAgain(kind, workers, rounds, seed, seen, options));
      }
    }
  },
};

interface Seen {
  fills: number;
  refusals: number;
  slowestMs: number;
}

async function fillAgainAndAgain(
  kind: "ext4" | "tmpfs",
  workers: number,
  rounds: number,
  seed: number,
  seen: Seen,
  options: ScenarioOptions,
): Promise<FaultOutcome> {
  const filesystem = Filesystem.create(kind, MEBIBYTES);
  try {
    return await runFaults({
      seed,
      server: { workers, data: join(filesystem.path, "data") },
      perSecond: 1000,
      mostBytes: 500,
      inject: async (context) => {
        const token = await mint({ publish: ["*"] });
        for (let round = 0; round < rounds; round++) {
          await fillOnce(context, filesystem, token, seen, options);
          options.progress(`${kind}: ${round + 1} of ${rounds} times full`);
        }
      },
    });
  } finally {
    await filesystem.close();
  }
}

async function fillOnce(
  { server, publisher }: FaultContext,
  filesystem: Filesystem,
  token: string,
  seen: Seen,
  { report, violation }: ScenarioOptions,
): Promise<void> {
  await publisher.reach(publisher.acknowledged + UPDATES, 20_000);
  const pids = server.processes();
  const before = publisher.failed;
  const free = filesystem.fill();
  const wrong = whatIsWrong(await firstRefusal(server.hub, token));
  if (wrong !== undefined) violation(`on a full disk, ${wrong}`);
  // What is small may still find room in pages that are free; by and by that ends.
  await until(20_000, "refused updates on a full disk", () => publisher.failed > before);
  // One that starts meanwhile must come up, too, or do so when there is space again.
  const victim = server.workers()[0];
  if (victim !== undefined) await server.kill("worker");
  await sleep(FULL_MS);
  seen.refusals += publisher.failed - before + 1;
  free();
  const { tookMs } = await untilTaken(server.hub, token, RECOVER_MS);
  seen.slowestMs = Math.max(seen.slowestMs, tookMs);
  if (pids.some((pid) => pid !== victim && !isRunning(pid))) violation("a process ended while the disk was full");
  if (victim !== undefined) await until(RECOVER_MS, "another worker", () => server.workers().length > 1);
  report({ name: "times full", value: figure(++seen.fills) });
  report({ name: "refused with 507", value: figure(seen.refusals) });
  report({ name: "slowest return", value: `${figure(seen.slowestMs)} ms` });
}

/** The journal may have room left that it took before the disk was full. @returns The first answer that is no acknowledgement. */
async function firstRefusal(hub: string, token: string): Promise<Answer> {
  for (let left = (MEBIBYTES * 2 ** 20) / LARGE_BYTES; ; left--) {
    const answer = await ask(hub, { token, data: "x".repeat(LARGE_BYTES) });
    if (answer.status !== 200 || left <= 0) return answer;
  }
}

function whatIsWrong({ status, contentType, body }: Answer): string | undefined {
  if (status !== 507) return `the answer was ${status}: ${body.slice(0, 200)}`;
  if (contentType !== "application/problem+json") return `the answer was ${contentType}`;
  const { code } = JSON.parse(body) as { code?: unknown };
  return code === "journal_full" ? undefined : `the code was ${String(code)}`;
}
