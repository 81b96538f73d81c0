import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { sleep } from "../lib/clock.ts";
import { ask, untilTaken } from "../lib/probe.ts";
import { type FaultContext, runFaults } from "../lib/run.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const LIMIT = 256;
const FLOOD = 400;
/** How long the descriptors are held, in milliseconds. */
const HELD_MS = 1000;
/** By then it must be as before, in milliseconds. */
const RECOVER_MS = 1000;

export const descriptors: Scenario = {
  name: "descriptors",
  promise: "R10",
  what: `a server with ${LIMIT} descriptors is flooded with ${FLOOD} connections, and then has none left at all, while updates are published`,
  run: async (options) => {
    const { full, seed, report, violation, late, notRun } = options;
    if (spawnSync("prlimit", ["--version"]).status !== 0) notRun("there is no prlimit");
    const tally = createTally({ report, violation });
    const seen = { times: 0, refused: 0, slowestMs: 0 };
    const outcome = await runFaults({
      seed,
      server: { prefix: ["prlimit", `--nofile=${LIMIT}:${LIMIT}`] },
      perSecond: 1000,
      inject: async (context) => {
        const token = await mint({ publish: ["*"] });
        for (let round = 0; round < (full ? 50 : 3); round++) {
          for (const exhaust of [flood, lowerLimit]) {
            await context.publisher.reach(context.publisher.acknowledged + 200, 20_000);
            const release = await exhaust(context);
            // Those that are connected are served. A further one takes the place of one that sends nothing, or is refused if there is no descriptor.
            const before = context.publisher.acknowledged;
            const { status } = await ask(context.server.hub, { token, data: "probe" });
            if (exhaust === flood && status !== 200) violation("flood: a newcomer was not served");
            if (exhaust === lowerLimit && status === 200) violation("lowerLimit: a new connection was served, so descriptors were left");
            if (status !== 200) seen.refused++;
            await sleep(HELD_MS);
            if (context.publisher.acknowledged === before)
              violation(`${exhaust.name}: nothing was published over the connections that were open`);
            release();
            const { tookMs } = await untilTaken(context.server.hub, token, 10 * RECOVER_MS);
            if (tookMs > RECOVER_MS) late(`${exhaust.name}: it took ${figure(tookMs)} ms until a new connection was served`);
            seen.slowestMs = Math.max(seen.slowestMs, tookMs);
            tell(++seen.times, seen, options);
          }
        }
      },
    });
    tally.add(`seed ${seed}`, outcome);
  },
};

function tell(times: number, seen: { readonly refused: number; readonly slowestMs: number }, { report, progress }: ScenarioOptions): void {
  report({ name: "times exhausted", value: figure(times) });
  report({ name: "new connections refused", value: figure(seen.refused) });
  report({ name: "slowest return", value: `${figure(seen.slowestMs)} ms` });
  progress(`${times} times exhausted`);
}

/** Connections that say nothing. */
async function flood({ server }: FaultContext): Promise<() => void> {
  const sockets: Socket[] = [];
  for (let i = 0; i < FLOOD; i++) {
    const socket = connect(server.port, "127.0.0.1");
    // The server closes some for newer ones.
    socket.on("error", () => undefined);
    sockets.push(socket);
  }
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve).once("close", resolve))));
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

/** No further descriptor, for anything: as when another part of the process has taken them all. */
async function lowerLimit({ server: { pid } }: FaultContext): Promise<() => void> {
  const set = (soft: number): void => {
    const { status, stderr } = spawnSync("prlimit", ["--pid", String(pid), `--nofile=${soft}:${LIMIT}`], { encoding: "utf8" });
    if (status !== 0) throw new Error(`prlimit: ${stderr}`);
  };
  // Below the lowest that is free: the limit is of the numbers, not of how many are open.
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let lowest = 0;
  while (open.has(lowest)) lowest++;
  set(lowest);
  return () => set(LIMIT);
}
