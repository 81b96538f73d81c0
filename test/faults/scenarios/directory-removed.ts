import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "../lib/cleanup.ts";
import { nowMs, sleep, until } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { newestSegment } from "../lib/journal.ts";
import { ask, untilTaken } from "../lib/probe.ts";
import { read } from "../lib/readers.ts";
import { type FaultContext, runFaults } from "../lib/run.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { witness } from "../lib/standard-load.ts";
import { createTally, figure, type Tally } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

/** By then everybody must be told, in milliseconds. */
const NOTICE_MS = 5000;
const RECOVER_MS = 15_000;
/** Enough that each worker has some. */
const READERS = 8;
/** Publishers at a time. */
const PUBLISHERS = 8;
const UPDATES = 300;

/** What is done to the journal's directory for as long as the server runs. */
const WAYS: Readonly<Record<string, (journal: string, beside: string) => void>> = {
  removed: (journal) => rmSync(journal, { recursive: true }),
  "without its newest segment": (journal) => rmSync(newestSegment(journal)),
  "replaced by an empty one": (journal) => {
    rmSync(journal, { recursive: true });
    mkdirSync(journal);
  },
  "replaced by a copy": (journal, beside) => {
    execFileSync("cp", ["-a", journal, beside]);
    rmSync(journal, { recursive: true });
    renameSync(beside, journal);
  },
};

export const directoryRemoved: Scenario = {
  name: "directory-removed",
  promise: "R19",
  what: "the journal's directory is removed, replaced, or moved away and back, while updates are published, with one process and with workers, of which one is killed meanwhile",
  run: async (options) => {
    const tally = createTally(options);
    const seen: Seen = { times: 0, taken: 0, refusedMs: 0, toldMs: 0, healthMs: 0, returnMs: 0 };
    for (let round = 0; round < (options.full ? 10 : 1); round++) {
      for (const workers of [1, 2]) {
        for (const way of Object.keys(WAYS)) await takeAway(way, workers, seen, options);
        await moveAwayAndBack(workers, round, seen, tally, options);
      }
    }
  },
};

/** The longest times in milliseconds, and what must not be: updates that were taken after the directory was gone. */
interface Seen {
  times: number;
  taken: number;
  refusedMs: number;
  toldMs: number;
  healthMs: number;
  returnMs: number;
}

async function takeAway(way: string, workers: number, seen: Seen, options: ScenarioOptions): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "artesian-faults-directory-"));
  const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const server = await HubServer.create({ data: join(directory, "data"), directory, workers });
  const journal = join(directory, "data", "journal");
  const violation = (text: string): void => options.violation(`${way}, workers: ${workers}: ${text}`);
  const closes: (() => void)[] = [];
  try {
    await server.start();
    const token = await mint({ publish: ["*"] });
    const lostAtMs = new Map<number, number>();
    let open = 0;
    const role = await witness("reader");
    for (let i = 0; i < READERS; i++) {
      const close = read(server.hub, role, {
        opened: () => void open++,
        event: () => undefined,
        lost: () => void lostAtMs.set(i, lostAtMs.get(i) ?? nowMs()),
      });
      closes.push(close);
    }
    await until(NOTICE_MS, "the streams", () => open >= READERS);
    const load = publishOn(server, token);
    await until(20_000, "updates", () => load.taken >= UPDATES);
    WAYS[way]?.(journal, join(directory, "beside"));
    const goneAtMs = nowMs();
    const files = filesIn(journal);
    await until(NOTICE_MS, "a refusal", () => load.refusedAtMs > goneAtMs);
    await until(NOTICE_MS, "the subscribers, who are told", () => lostAtMs.size === READERS);
    await until(NOTICE_MS, "not ready", async () => (await ask(`${server.url}/health/ready`)).status === 503);
    seen.healthMs = Math.max(seen.healthMs, nowMs() - goneAtMs);
    if (workers > 1) {
      await server.kill("worker");
      await sleep(1000);
    }
    load.stop();
    const taken = load.takenSince(goneAtMs);
    seen.taken += taken;
    if (taken > 0) violation(`${taken} updates were taken after the directory was gone`);
    if (load.others.size > 0) violation(`publishers were answered with ${[...load.others].join(", ")}`);
    const filesNow = filesIn(journal);
    if (filesNow !== files) violation(`a process wrote into the place of the journal: ${filesNow} instead of ${files}`);
    seen.refusedMs = Math.max(seen.refusedMs, load.refusedAtMs - goneAtMs);
    seen.toldMs = Math.max(seen.toldMs, ...Array.from(lostAtMs.values(), (at) => at - goneAtMs));
    const exit = await server.terminate();
    if (exit !== 0) violation(`the exit code was ${exit}`);
  } catch (error) {
    violation(String(error));
  } finally {
    for (const close of closes) close();
    if (server.runs) await server.kill("everything");
    remove();
  }
  seen.times++;
  tell(seen, options);
}

/** The directory is where it was when all is over, so that the checker finds each update that was taken. */
async function moveAwayAndBack(workers: number, round: number, seen: Seen, tally: Tally, options: ScenarioOptions): Promise<void> {
  const outcome = await runFaults({
    seed: options.seed + round,
    server: { workers },
    perSecond: 1000,
    inject: async ({ server, publisher, directory, mark }: FaultContext) => {
      const token = await mint({ publish: ["*"] });
      const journal = join(directory, "data", "journal");
      for (let time = 0; time < 3; time++) {
        await publisher.reach(publisher.acknowledged + UPDATES, 20_000);
        renameSync(journal, `${journal}-away`);
        for (let i = 0; i < 20; i++) {
          const { status } = await ask(server.hub, { token, data: "probe" });
          // One may still have come into a commit that was under way.
          if (status !== 503 && status !== 504) options.violation(`moved away, workers: ${workers}: an update was answered with ${status}`);
        }
        if (time === 1 && workers > 1) {
          await server.kill("worker");
          await sleep(500);
        }
        renameSync(`${journal}-away`, journal);
        mark();
        const { tookMs } = await untilTaken(server.hub, token, RECOVER_MS);
        seen.returnMs = Math.max(seen.returnMs, tookMs);
        seen.times++;
        // One that was killed may take a while to be replaced, since it was tried in vain before.
        await until(RECOVER_MS, "all workers", () => workers === 1 || server.workers().length === workers);
      }
    },
  });
  tally.add(`moved away and back, workers: ${workers}`, outcome);
  tell(seen, options);
}

function tell(seen: Seen, { report, progress }: ScenarioOptions): void {
  report({ name: "times", value: figure(seen.times) });
  report({ name: "taken afterwards", value: figure(seen.taken) });
  for (const [name, ms] of [
    ["longest to the first refusal", seen.refusedMs],
    ["to a subscriber that is told", seen.toldMs],
    ["to not ready", seen.healthMs],
    ["longest return", seen.returnMs],
  ] as const)
    report({ name, value: `${figure(ms)} ms` });
  progress(`${seen.times} times`);
}

/** Without the sockets of the writers: a process that wants to write binds one before it looks at the files. */
function filesIn(directory: string): string | undefined {
  if (!existsSync(directory)) return undefined;
  return readdirSync(directory)
    .filter((name) => !/^writer-\d+$/.test(name))
    .toSorted()
    .join(" ");
}

/** Publishes by several publishers, each of which waits for the answer before, until it is told to stop. */
function publishOn(server: HubServer, token: string) {
  const takenAtMs: number[] = [];
  const others = new Set<string>();
  let refusedAtMs = 0;
  const stopping = new AbortController();
  const publish = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const beganMs = nowMs();
      const { status, body } = await ask(server.hub, { token, data: "x" });
      if (status === 200) takenAtMs.push(beganMs);
      else if (status === 503) {
        if (refusedAtMs === 0) refusedAtMs = nowMs();
        await sleep(20);
      }
      // Its commit was under way, or its worker was killed.
      else if (status !== 504 && status !== undefined) others.add(`${status} ${body.slice(0, 100)}`);
    }
  };
  for (let i = 0; i < PUBLISHERS; i++) void publish();
  return {
    get taken() {
      return takenAtMs.length;
    },
    get refusedAtMs() {
      return refusedAtMs;
    },
    others,
    takenSince: (ms: number): number => takenAtMs.filter((at) => at >= ms).length,
    stop: (): void => stopping.abort(),
  };
}
