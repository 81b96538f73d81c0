import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "../lib/cleanup.ts";
import { nowMs, until } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { NumberedFlow } from "../lib/numbered.ts";
import { RawReaders } from "../lib/raw-reader-process.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const TOPIC = "herd";
const CAUGHT_UP_MS = 120_000;
/** Updates before each restart, and those that are published as soon as the server is back, while the herd comes. */
const UPDATES = 200;
const PER_BATCH = 20;

export const herd: Scenario = {
  name: "herd",
  promise: "R13",
  what: "restart, by SIGTERM and by SIGKILL, with all readers coming back within 20 ms with the last id they saw, while updates go on",
  run: async (options) => {
    for (const workers of [1, 2]) await runHerd(workers, options.full ? 10_000 : 2000, options);
  },
};

async function runHerd(workers: number, count: number, { report, progress, violation }: ScenarioOptions): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "artesian-faults-"));
  const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const data = join(directory, "data");
  mkdirSync(data);
  const server = await HubServer.create({ data, directory, workers });
  const flow = new NumberedFlow(server.hub, await mint({ publish: ["*"] }));
  const say = (name: string, value: string): void => report({ name: `workers: ${workers}: ${name}`, value });
  let readers: RawReaders | undefined;
  try {
    await server.start();
    readers = new RawReaders(`${server.hub}?match=${TOPIC}`, count, false);
    const herd = readers;
    await herd.opening();
    const publish = async (): Promise<void> => {
      await flow.run({ topic: TOPIC, updates: UPDATES, perBatch: PER_BATCH, everyMs: 20, size: 100 });
    };
    const published = (): number => flow.next.get(TOPIC) ?? 0;
    await publish();
    await herd.reach(published(), CAUGHT_UP_MS);
    for (const how of ["SIGTERM", "SIGKILL"] as const) {
      if (how === "SIGTERM") await server.terminate();
      else await server.kill("everything");
      await until(CAUGHT_UP_MS, "Everybody cut off", () => herd.said.open === 0);
      await server.start();
      const beganMs = nowMs();
      await publish();
      await herd.reach(published(), CAUGHT_UP_MS);
      say(`${how}: all caught up after`, `${figure(nowMs() - beganMs)} ms`);
      progress(`workers: ${workers}: came back after ${how}`);
    }
    const { received, disorder, gaps, refused, reconnections } = herd.said;
    const missing = count * published() - received;
    say("readers", figure(count));
    say("reconnections", figure(reconnections));
    say("lost, repeated or reordered", figure(Math.abs(missing) + disorder));
    say("refused", figure(refused));
    if (missing !== 0 || disorder > 0) violation(`workers: ${workers}: ${missing} updates were missing, ${disorder} in disorder`);
    if (refused > 0 || gaps > 0) violation(`workers: ${workers}: ${refused} refusals, ${gaps} gaps`);
    if (server.crashes > 0) violation(`workers: ${workers}: the server ended by itself: ${server.complaints()}`);
  } finally {
    flow.close();
    await readers?.end();
    if (server.runs) await server.kill("everything");
    remove();
  }
}
