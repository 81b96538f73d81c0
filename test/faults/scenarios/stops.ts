import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { signalAll } from "../lib/cleanup.ts";
import { nowMs, sleep } from "../lib/clock.ts";
import { type FaultContext, runFaults } from "../lib/run.ts";
import type { Scenario } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";

/** How long a process is stopped, in milliseconds. Up to 1.5 s, nobody is to be cut or killed for it. */
const STOP_MS = { least: 300, most: 1500 };
/** A stop that nothing ends: the primary has to notice, and then a worker takes its place. */
const FOREVER_MS = 60_000;
/** What the others may stall for. Of a stopped worker that holds the journal's lock: until the primary kills it. */
const MOST_STALL_MS = { others: 3000, lock: 20_000 };
/** The journal may take so much of what was published: its pages, and those that a stopped reader keeps. */
const GROWTH = { factor: 6, freeMiB: 64 };
const LOOK_MS = 20;

const TARGETS = ["readers", "worker", "primary", "worker without end"] as const;
type Target = (typeof TARGETS)[number];

export const stops: Scenario = {
  name: "stops",
  promise: "R8",
  what: "SIGSTOP of the subscribers, a worker and the primary of two workers for 0.3 to 1.5 s, and of a worker without an end: it must be replaced",
  run: async ({ full, seed, report, progress, violation, late }) => {
    const tally = createTally({ report, violation });
    const longestMs: Record<Target, number> = { readers: 0, worker: 0, primary: 0, "worker without end": 0 };
    const rounds = full ? 50 : 8;
    const lasting = full ? 5 : 1;
    const targets: readonly Target[] = [
      ...Array.from({ length: rounds }, () => ["readers", "worker", "worker", "primary"] as const).flat(),
      ...Array.from({ length: lasting }, () => "worker without end" as const),
    ];
    const outcome = await runFaults({
      seed,
      server: { workers: 2 },
      // Rather seldom, so that the journal of a whole run stays small.
      perSecond: full ? 2000 : 4000,
      inject: async (context) => {
        for (const [i, target] of targets.entries()) {
          const stalledMs = await stopOnce(context, target);
          longestMs[target] = Math.max(longestMs[target], stalledMs);
          progress(`${i + 1} stops of ${targets.length}`);
          const mostMs = target === "worker" || target === "worker without end" ? MOST_STALL_MS.lock : MOST_STALL_MS.others;
          if (stalledMs > mostMs) late(`${target} stopped: all publishers stalled for ${figure(stalledMs)} ms`);
          await sleep(100);
        }
        const grownMiB = sizeOf(join(context.directory, "data", "journal")) / 2 ** 20;
        // Of 300 bytes or so each, in the mean, with their keys.
        const most = (context.publisher.acknowledged * 300 * GROWTH.factor) / 2 ** 20 + GROWTH.freeMiB;
        report({ name: "journal", value: `${figure(grownMiB)} MiB` });
        if (grownMiB > most) violation(`The journal takes ${figure(grownMiB)} MiB.`);
      },
    });
    tally.add(`seed ${seed}`, outcome);
    report({ name: "stops", value: figure(targets.length) });
    for (const target of TARGETS) report({ name: `longest stall, ${target} stopped`, value: `${figure(longestMs[target])} ms` });
  },
};

/** Stops a process for a while. @returns The longest time meanwhile in which no publisher of all had an answer, in milliseconds. */
async function stopOnce({ server, publisher, subscribers, random }: FaultContext, target: Target): Promise<number> {
  const workers = server.workers();
  const pid = target === "readers" ? subscribers.pid : target === "primary" ? server.pid : random.pick(workers);
  if (signalAll([pid], "SIGSTOP") === 0) throw new Error(`There is no ${target}.`);
  try {
    if (target !== "worker without end") return await watch(publisher, random.between(STOP_MS.least, STOP_MS.most));
    return await watch(publisher, FOREVER_MS, () => !server.workers().includes(pid) && server.workers().length === workers.length);
  } finally {
    signalAll([pid], "SIGCONT");
  }
}

/** @throws Error when it is not done in time, where something says when it is. */
async function watch(publisher: FaultContext["publisher"], ms: number, isDone?: () => boolean): Promise<number> {
  const endMs = nowMs() + ms;
  let longestMs = 0;
  let count = publisher.acknowledged;
  let sinceMs = nowMs();
  for (;;) {
    await sleep(LOOK_MS);
    const now = nowMs();
    longestMs = Math.max(longestMs, now - sinceMs);
    if (publisher.acknowledged > count) {
      count = publisher.acknowledged;
      sinceMs = now;
    }
    if (isDone?.() === true) return longestMs;
    if (now < endMs) continue;
    if (isDone !== undefined) throw new Error(`A worker that was stopped without an end was not replaced within ${ms} ms.`);
    return longestMs;
  }
}

/** What the files of a directory take of the disk, in bytes: they have holes. */
function sizeOf(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).blocks * 512, 0);
}
