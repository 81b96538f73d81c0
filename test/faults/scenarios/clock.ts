import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atEnd, isRunning, signalAll } from "../lib/cleanup.ts";
import { sleep, within } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { ask } from "../lib/probe.ts";
import { read } from "../lib/readers.ts";
import { runFaults } from "../lib/run.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { witness } from "../lib/standard-load.ts";
import { createTally, figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const SHIFTED = fileURLToPath(new URL("../lib/shifted-clock.mjs", import.meta.url));
const HOUR_MS = 3600 * 1000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const JUMPS_MS = [HOUR_MS, -HOUR_MS, 10 * YEAR_MS, -10 * YEAR_MS, 0];
/** Longer than the tokens of the harness live. */
const AFTER_TOKENS_MS = 21 * YEAR_MS;
/** Between two jumps, in milliseconds. */
const REST_MS = { least: 50, most: 500 };

/** The time of day of a server's processes. */
interface Clock {
  readonly env: Readonly<Record<string, string>>;
  /** @param pids - The processes that serve: each has a clock. */
  readonly set: (pids: readonly number[], aheadMs: number) => void;
}

function createClock(directory: string): Clock {
  const file = join(directory, "clock");
  return {
    env: { NODE_OPTIONS: `--import ${SHIFTED}`, FAULTS_CLOCK: file },
    set: (pids, aheadMs) => {
      writeFileSync(file, String(aheadMs));
      signalAll(pids.filter(listens), "SIGUSR2");
    },
  };
}

/** Whether a process takes SIGUSR2. One that has just begun does not yet, and would end; it reads the file later, when it does. */
function listens(pid: number): boolean {
  if (!isRunning(pid)) return false;
  const caught = /^SigCgt:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  return (BigInt(`0x${caught}`) & (1n << BigInt(constants.signals.SIGUSR2 - 1))) !== 0n;
}

export const clock: Scenario = {
  name: "clock",
  promise: "R11",
  what: "the servers' time of day jumps by an hour and by ten years, forwards and back, while updates are published; then retention by age and the end of tokens are looked at",
  run: async (options) => {
    const directory = mkdtempSync(join(tmpdir(), "artesian-faults-clock-"));
    const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
    try {
      await jumpUnderLoad(createClock(directory), options);
      await lookAtAges(createClock(directory), directory, options);
    } finally {
      remove();
    }
  },
};

async function jumpUnderLoad({ env, set }: Clock, { full, seed, report, progress, violation }: ScenarioOptions): Promise<void> {
  const tally = createTally({ report, violation });
  const rounds = full ? 40 : 4;
  const outcome = await runFaults({
    seed,
    server: { workers: 2, env, args: ["--retention-age", "none"] },
    inject: async ({ server, random, mark }) => {
      let jumps = 0;
      for (let round = 0; round < rounds; round++) {
        for (const aheadMs of JUMPS_MS) {
          await sleep(random.between(REST_MS.least, REST_MS.most));
          mark();
          set(server.processes(), aheadMs);
          report({ name: "jumps", value: figure(++jumps) });
        }
        // One clock of several is set, and one process begins with what the others were told.
        set(server.workers().slice(0, 1), -HOUR_MS);
        if (round % 2 === 0) await server.kill("worker");
        progress(`${round + 1} of ${rounds} rounds`);
      }
      set(server.processes(), 0);
    },
  });
  tally.add(`seed ${seed}`, outcome);
}

/** What does go by the time of day, as docs/operate/reliability.md says. */
async function lookAtAges({ env, set }: Clock, directory: string, { violation }: ScenarioOptions): Promise<void> {
  const server = await HubServer.create({ data: join(directory, "data"), directory, env, args: ["--retention-age", "1h"] });
  set([], 0);
  await server.start();
  try {
    const token = await mint({ publish: ["*"] });
    const publish = async (data: string): Promise<number | undefined> => (await ask(server.hub, { token, data })).status;
    const expectHeld = async (when: string, last: string, wanted: string): Promise<void> => {
      const status = await publish(last);
      const held = await heldUpTo(server.hub, last);
      if (status !== 200 || held !== wanted) violation(`${when}: the answer was ${status}, and held was "${held}" instead of "${wanted}"`);
    };
    await publish("a");
    set([server.pid], -10 * YEAR_MS);
    await expectHeld("ten years back", "b", "a b");
    set([server.pid], HOUR_MS / 2);
    await expectHeld("half an hour ahead", "c", "a b c");
    set([server.pid], 2 * HOUR_MS);
    await expectHeld("past the retention's age", "d", "d");
    set([server.pid], AFTER_TOKENS_MS);
    if ((await publish("b")) !== 401) violation("a token was taken after its end");
    set([server.pid], 0);
    if ((await publish("c")) !== 200) violation("a token was refused when the clock was right again");
    const code = await server.terminate();
    if (code !== 0 || server.crashes > 0) violation(`the server ended with ${code}`);
  } finally {
    if (server.runs) await server.kill("everything");
  }
}

/** @returns The data of all that is held, up to an update of this data. */
async function heldUpTo(hub: string, last: string): Promise<string> {
  const held: string[] = [];
  const plan = await witness("ages");
  let close = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    close = read(hub, plan, {
      opened: () => undefined,
      lost: () => undefined,
      event: (type, data) => {
        if (type.startsWith("hub:")) return;
        held.push(data);
        if (data === last) resolve();
      },
    });
  });
  try {
    await within(10_000, "Reading what is held", done);
    return held.join(" ");
  } finally {
    close();
  }
}
