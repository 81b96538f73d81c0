import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createRandom } from "../../support/random.ts";
import { atEnd } from "../lib/cleanup.ts";
import { nowMs, sleep } from "../lib/clock.ts";
import { HubServer, MAIN } from "../lib/hub-server.ts";
import { readUpTo } from "../lib/read-up-to.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { send } from "../lib/send.ts";
import { figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const TOPIC = "/faults/backup-under-load";
const PER_SECOND = 1000;
const PER_BATCH = 10;
/** How long is published before the backup begins, and after it has ended. */
const BEFORE_MS = { ci: 3000, full: 15_000 };
const AFTER_MS = 1000;
const ROUNDS = { ci: 1, full: 5 };
/** Subscribers that come back to the copy, half of them with an update that it does not have. */
const SUBSCRIBERS = 20;

export const backupUnderLoad: Scenario = {
  name: "backup-under-load",
  promise: "R17",
  what: `a backup is made while ${PER_SECOND} updates a second are published, and restored in another place, to which subscribers come back`,
  run: async (options) => {
    const directory = mkdtempSync(join(tmpdir(), "artesian-faults-backup-"));
    const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
    try {
      for (let round = 1; round <= (options.full ? ROUNDS.full : ROUNDS.ci); round++) await runRound(round, directory, options);
    } finally {
      remove();
    }
  },
};

/** An acknowledged update. */
interface Acknowledged {
  readonly id: string;
  readonly data: string;
  /** When its answer came, in milliseconds since 1970. */
  readonly at: number;
}

async function runRound(round: number, root: string, { full, seed, report, progress, violation }: ScenarioOptions): Promise<void> {
  const directory = mkdtempSync(join(root, "round-"));
  const [data, copy, elsewhere] = ["data", "copy", "elsewhere"].map((name) => join(directory, name)) as [string, string, string];
  const original = await HubServer.create({ data, directory, workers: 2 });
  const restored = await HubServer.create({ data: elsewhere, directory });
  try {
    await original.start();
    const flow = new Flow(original.hub);
    const publishing = flow.run();
    await sleep(full ? BEFORE_MS.full : BEFORE_MS.ci);
    const asOf = await backUp(data, copy);
    const endedAt = Date.now();
    await sleep(AFTER_MS);
    flow.stop();
    await publishing;
    await original.kill("everything");
    mkdirSync(elsewhere);
    cpSync(copy, join(elsewhere, "journal"), { recursive: true });
    await restored.start();

    const token = await mint({ publish: ["*"] });
    const last = await send({ hub: restored.hub, token, agent: false, type: "application/x-ndjson", body: line("last") });
    if (last.outcome !== "ok") throw new Error(`The restored hub answered ${last.answer}.`);
    const resume = (id: string): ReturnType<typeof readUpTo> => readUpTo(restored.hub, TOPIC, id, "last");
    const { data: held } = await resume("earliest");
    const all = flow.acknowledged;
    const count = held.length - 1;
    const perSecond = (1000 * all.length) / ((all.at(-1)?.at ?? 0) - (all[0]?.at ?? 0));
    report({ name: "published", value: `${figure(all.length)} updates, ${figure(perSecond)} a second` });
    report({ name: "in the copy", value: `${figure(count)}, to ${figure(endedAt - asOf)} ms before the command's end` });
    const due = all.filter(({ at }) => at < asOf).length;
    if (count < due)
      violation(`round ${round}: ${due - count} updates are missing that were acknowledged before the time that the backup tells`);
    if (
      held.slice(0, -1).join() !==
      all
        .slice(0, count)
        .map((update) => update.data)
        .join()
    )
      violation(`round ${round}: the copy has other updates`);

    const random = createRandom(seed + round);
    const [seen, lost] = [all.slice(0, count), all.slice(count)];
    let told = 0;
    for (let i = 0; i < SUBSCRIBERS; i++) {
      const { id } = random.pick(i % 2 === 0 ? seen : lost);
      const resumed = await resume(id);
      if (resumed.isTold) told++;
      else violation(`round ${round}: a subscriber was not told of the gap after ${id}`);
      if (resumed.data.join() !== held.join())
        violation(`round ${round}: after ${id} came ${resumed.data.length} of ${held.length} updates`);
    }
    report({ name: "told of the gap", value: `${told} of ${SUBSCRIBERS} subscribers, half of which had seen more than the copy has` });
    progress(`round ${round}: ${figure(count)} of ${figure(all.length)} updates are in the copy`);
  } finally {
    for (const server of [original, restored]) if (server.runs) await server.kill("everything");
  }
}

/** @returns The time that the command tells, in milliseconds since 1970. */
async function backUp(data: string, to: string): Promise<number> {
  const child = spawn(process.execPath, [MAIN, "journal", "backup", to, "--data", data], { stdio: ["ignore", "pipe", "pipe"] });
  const [said, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const [, asOf] = /acknowledged before (\S+Z)\.\n$/.exec(said) ?? [];
  if (status !== 0 || asOf === undefined) throw new Error(`artesian journal backup: ${said}${errors}`);
  return Date.parse(asOf);
}

const line = (data: string): string => JSON.stringify({ topic: TOPIC, data });

/** Publishes at an even pace until it is stopped: one batch after the other, so the order is known. */
class Flow {
  readonly acknowledged: Acknowledged[] = [];
  readonly #hub: string;
  #isOver = false;

  constructor(hub: string) {
    this.#hub = hub;
  }

  async run(): Promise<void> {
    const token = await mint({ publish: ["*"] });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const beganMs = nowMs();
    try {
      for (let batch = 0; !this.#isOver; batch++) {
        const waitMs = beganMs + (batch * PER_BATCH * 1000) / PER_SECOND - nowMs();
        if (waitMs > 0) await sleep(waitMs);
        const numbers = Array.from({ length: PER_BATCH }, (_, i) => `u-${batch * PER_BATCH + i}`);
        const { outcome, answer, ids } = await send({
          hub: this.#hub,
          token,
          agent,
          type: "application/x-ndjson",
          body: numbers.map(line).join("\n"),
        });
        if (outcome !== "ok") throw new Error(`A batch was answered by ${answer}.`);
        const at = Date.now();
        this.acknowledged.push(...ids.map((id, i) => ({ id, data: numbers[i] as string, at })));
      }
    } finally {
      agent.destroy();
    }
  }

  stop(): void {
    this.#isOver = true;
  }
}
