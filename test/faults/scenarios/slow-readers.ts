import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePrometheus } from "../../support/prometheus.ts";
import { atEnd } from "../lib/cleanup.ts";
import { nowMs, until } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { MemoryWatch, socketMiB } from "../lib/memory.ts";
import { NumberedFlow } from "../lib/numbered.ts";
import { processorMs } from "../lib/processor.ts";
import { RawReaders } from "../lib/raw-reader-process.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

/** Growth of the server's resident memory in MiB while all that were stopped come back at once, which is work of its own and no part of the promise. */
const CATCH_UP_MIB = 128;
/** What the promise allows: growth of the server's resident memory in MiB, and of the others' p99. */
const MEMORY_MIB = 64;
const SLOWER = 1.2;
/** What the others' p99 differs by from one run to the next, in milliseconds: all processes share the machine, and in CI with other work. */
const NOISE_MS = { ci: 150, full: 10 };
const CATCH_UP_MS = 240_000;
const CUT_MS = 30_000;
/** Updates after which every socket is full. */
const MOST_TO_FILL = 200_000;
/** Sooner than the default, so that the run is short. */
const DEADLINE = "5s";

interface Case {
  readonly name: string;
  /** The hub's deadline for readers that take nothing; past it they are cut, and come back. */
  readonly writeStall: string;
  readonly stopped: number;
  /** Those that read on: of the same topic, and of another one with an update now and then. */
  readonly beside: number;
  readonly elsewhere: number;
  readonly updates: number;
  /** After so many batches, those elsewhere have an update. */
  readonly tickEvery: number;
  readonly bytes: number;
  readonly perSecond: number;
}

/** More than the kernel holds for a socket that is not read, which is up to 4 MiB: else nobody would be stopped. */
const CI: readonly Case[] = [
  {
    name: "waited for",
    writeStall: "1h",
    stopped: 2000,
    beside: 50,
    elsewhere: 7950,
    updates: 12_000,
    tickEvery: 5,
    bytes: 500,
    perSecond: 1000,
  },
  {
    name: "cut",
    writeStall: DEADLINE,
    stopped: 200,
    beside: 50,
    elsewhere: 750,
    updates: 12_000,
    tickEvery: 5,
    bytes: 500,
    perSecond: 1000,
  },
];
const FULL: readonly Case[] = [
  {
    name: "waited for",
    writeStall: "1h",
    stopped: 1000,
    beside: 50,
    elsewhere: 8950,
    updates: 100_000,
    tickEvery: 25,
    bytes: 100,
    perSecond: 1670,
  },
  {
    name: "cut",
    writeStall: DEADLINE,
    stopped: 1000,
    beside: 50,
    elsewhere: 8950,
    updates: 100_000,
    tickEvery: 25,
    bytes: 100,
    perSecond: 1670,
  },
];
const PER_BATCH = 20;
/** How long is published before anybody is stopped, to compare with. As much as while they are stopped: what the heap takes for that is not their doing. */
const COMPARED_SECONDS = { ci: 14, full: 60 };
/** More than the hub keeps encoded: memory is measured of one that is warm. */
const WARM_UP = { updates: 20_000, perBatch: 200, readers: 50 };

export const slowReaders: Scenario = {
  name: "slow-readers",
  promise: "R7",
  what: "readers stop while updates pass, and go on: once with all the time they need, once past the write deadline, which cuts them",
  run: async (options) => {
    for (const each of options.full ? FULL : CI) await runCase(each, options);
  },
};

async function runCase(each: Case, { full, report, progress, violation, late }: ScenarioOptions): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "artesian-faults-"));
  const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const data = join(directory, "data");
  mkdirSync(data);
  const server = await HubServer.create({ data, directory, args: ["--write-stall", each.writeStall, "--max-lifetime", "1h"] });
  const ends: (() => Promise<void> | void)[] = [];
  const say = (name: string, value: string): void => report({ name: `${each.name}: ${name}`, value });
  const fail = (text: string): void => violation(`${each.name}: ${text}`);
  try {
    await server.start();
    const flow = new NumberedFlow(server.hub, await mint({ publish: ["*"] }));
    ends.push(() => flow.close());
    const open = async (topic: string, count: number, isMeasured: boolean): Promise<RawReaders> => {
      const readers = new RawReaders(`${server.hub}?match=${topic}`, count, isMeasured);
      ends.push(() => readers.end());
      await readers.opening();
      return readers;
    };
    const publish = (updates: number): Promise<void> => {
      const everyMs = (1000 * PER_BATCH) / each.perSecond;
      return flow.run({ topic: "flow", updates, perBatch: PER_BATCH, everyMs, size: each.bytes, tick: "tick", tickEvery: each.tickEvery });
    };
    await flow.run({ topic: "flow", updates: WARM_UP.updates, perBatch: WARM_UP.perBatch, everyMs: 0, size: each.bytes, tick: "tick" });
    // So that the heap is as large as one that has replayed before.
    const warm = await open("flow&last_event_id=earliest", WARM_UP.readers, false);
    await warm.reach(WARM_UP.updates, CATCH_UP_MS);
    ends.pop();
    await warm.end();
    const others = [await open("flow", each.beside, true), await open("tick", each.elsewhere, true)];
    const measure = async (during: () => Promise<void>): Promise<Measured> => {
      for (const readers of others) readers.measure();
      const [processorAt, beganAt] = [processorMs(server.pid), nowMs()];
      await during();
      const busy = (processorMs(server.pid) - processorAt) / (nowMs() - beganAt);
      await Promise.all([
        others[0]?.reach(flow.next.get("flow") ?? 0, CATCH_UP_MS),
        others[1]?.reach(flow.next.get("tick") ?? 0, CATCH_UP_MS),
      ]);
      return { p99Ms: others.map(({ said }) => said.p99Ms), busy };
    };
    await publish(each.perSecond);
    const memory = new MemoryWatch(server.pid);
    ends.push(() => memory.end());
    const before = await measure(() => publish(each.perSecond * (full ? COMPARED_SECONDS.full : COMPARED_SECONDS.ci)));
    const stopped = await open("flow", each.stopped, false);
    const first = flow.next.get("flow") ?? 0;
    await publish(each.perSecond / 5);
    await stopped.reach(first + each.perSecond / 5, CATCH_UP_MS);
    memory.rebase();
    progress(`${each.name}: ${each.stopped} readers stop`);
    stopped.stop();
    const filling = await measure(() => fill(server, each, publish));
    const beganMs = nowMs();
    const during = await measure(() => publish(each.updates));
    const seconds = (nowMs() - beganMs) / 1000;
    const sockets = socketMiB();
    const figures = await readFigures(server);
    const isCut = each.writeStall === DEADLINE;
    if (isCut) await until(CUT_MS, "Cutting all that stopped", async () => (await readFigures(server)).cut >= each.stopped);
    const whileStopped = memory.grownMiB;
    progress(`${each.name}: they go on, ${figure(figures.lagUpdates)} updates behind`);
    const resumedMs = nowMs();
    stopped.goOn();
    const last = flow.next.get("flow") ?? 0;
    await stopped.reach(last, CATCH_UP_MS);
    const caughtUpSeconds = (nowMs() - resumedMs) / 1000;
    // What they came to, they are to go on from live.
    const after = await measure(() => publish(each.perSecond / 5));
    const end = flow.next.get("flow") ?? 0;
    await stopped.reach(end, CATCH_UP_MS);
    const { received, disorder, gaps, refused, reconnections } = stopped.said;

    say("stopped readers", `${figure(each.stopped)} among ${figure(each.stopped + each.beside + each.elsewhere)}`);
    say("updates meanwhile", `${figure(each.updates)} in ${figure(seconds)} s`);
    say("stalled, most behind", `${figure(figures.stalled)}, ${figure(figures.lagUpdates)} updates (${figure(figures.lagSeconds, 1)} s)`);
    say("bytes held for them", `${figure(figures.heldBytes / 1024)} KiB`);
    say(
      "memory grown",
      `${figure(whileStopped)} MiB, catching up ${figure(memory.grownMiB)} MiB; the journal's mapped pages ${figure(memory.mappedMiB)} MiB`,
    );
    say(
      "the others' p99",
      `${texts(before)} ms before, ${texts(filling)} ms while sockets fill, ${texts(during)} ms meanwhile, ${texts(after)} ms after`,
    );
    const percent = [before, filling, during].map(({ busy }) => figure(100 * busy));
    say("the hub's processor", `${percent[0]}% before, ${percent[1]}% while sockets fill, ${percent[2]}% meanwhile`);
    say("the kernel's socket memory", `${figure(sockets.used)} MiB, scarce from ${figure(sockets.scarce)} MiB on`);
    say("caught up in", `${figure(caughtUpSeconds, 1)} s, ${figure(reconnections)} reconnections`);
    const wanted = each.stopped * (end - first);
    say("lost, repeated or reordered", figure(Math.abs(received - wanted) + disorder));
    if (received !== wanted || disorder > 0) fail(`${received} updates came instead of ${wanted}, ${disorder} in disorder`);
    if (gaps > 0 || refused > 0) fail(`${gaps} gaps, ${refused} refusals`);
    if (isCut ? reconnections < each.stopped : reconnections > 0) fail(`${reconnections} reconnections`);
    if (!isCut && figures.stalled < each.stopped) fail(`only ${figures.stalled} of ${each.stopped} were stalled`);
    if (whileStopped >= MEMORY_MIB) fail(`memory grew by ${figure(whileStopped)} MiB`);
    if (memory.grownMiB >= CATCH_UP_MIB) fail(`memory grew by ${figure(memory.grownMiB)} MiB, catching up`);
    const noiseMs = full ? NOISE_MS.full : NOISE_MS.ci;
    for (const [i, p99] of during.p99Ms.entries()) {
      const was = before.p99Ms[i] ?? 0;
      if (p99 > Math.max(was * SLOWER, was + noiseMs))
        late(`${each.name}: the others' p99 went from ${figure(was, 1)} to ${figure(p99, 1)} ms`);
    }
  } finally {
    for (const end of ends.toReversed()) await end();
    if (server.runs) await server.terminate();
    remove();
  }
}

/**
 * Publishes until all that stopped are stalled. Until then the hub delivers to them, too, and fills their sockets: many times the work of before, for readers that
 * seem to read. What the others wait for that is no part of the promise.
 */
async function fill(server: HubServer, each: Case, publish: (updates: number) => Promise<void>): Promise<void> {
  for (let updates = 0; updates < MOST_TO_FILL; updates += each.perSecond) {
    await publish(each.perSecond);
    const { stalled, cut } = await readFigures(server);
    if (stalled + cut >= each.stopped) return;
  }
  throw new Error(`Not all of ${each.stopped} readers were stalled after ${MOST_TO_FILL} updates.`);
}

/** What the others' updates took, and the hub meanwhile. */
interface Measured {
  /** Of each kind of others. */
  readonly p99Ms: readonly number[];
  /** Share of a processor. */
  readonly busy: number;
}

function texts({ p99Ms }: Measured): string {
  return p99Ms.map((value) => figure(value, 1)).join(" and ");
}

interface Figures {
  readonly stalled: number;
  readonly lagUpdates: number;
  readonly lagSeconds: number;
  readonly heldBytes: number;
  /** Connections cut, for they took nothing. */
  readonly cut: number;
}

/** What the hub itself says of those that are behind. */
async function readFigures(server: HubServer): Promise<Figures> {
  const token = await mint({ publish: ["/.well-known/mercure/admin"] });
  const answer = await fetch(`${server.url}/.well-known/mercure/metrics`, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`The metrics were answered by ${answer.status}.`);
  const scrape = parsePrometheus(await answer.text());
  const sum = (name: string): number => scrape.sum(name) ?? NaN;
  return {
    stalled: sum("artesian_stalled_subscribers"),
    lagUpdates: sum("artesian_lag_updates"),
    lagSeconds: sum("artesian_lag_seconds"),
    heldBytes: sum("artesian_held_bytes"),
    cut: sum("artesian_connections_cut_total"),
  };
}
