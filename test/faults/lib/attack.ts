import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./cleanup.ts";
import { nowMs, sleep, until } from "./clock.ts";
import { HubServer } from "./hub-server.ts";
import { MemoryWatch } from "./memory.ts";
import { NumberedFlow } from "./numbered.ts";
import { RawReaders } from "./raw-reader-process.ts";
import type { Figure, ScenarioOptions } from "./scenario.ts";
import { figure } from "./tally.ts";
import { mint } from "./tokens.ts";

/** What the promise allows: the longest time that the event loop is held up, the growth of the others' p99, and the server's growth in MiB. */
const LONGEST_MS = 100;
const SLOWER = 1.2;
const MEMORY_MIB = 64;
/** What the p99 differs by from one run to the next, in milliseconds: all processes share the machine, and in CI with other work. */
const NOISE_MS = { ci: 100, full: 10 };
const NEWCOMER_MS = 1000;
const NEWCOMER_EVERY_MS = 250;
const ANSWER_MS = 20_000;
const CATCH_UP_MS = 60_000;
/** The load of those who are not to notice: updates a second, in batches, each batch with one of a topic that is new. */
const PER_SECOND = 500;
const PER_BATCH = 10;
const READERS = 100;

/** What attacks a server. */
export interface Attacker {
  /** Whether the attack is under way. */
  isOn(): boolean;
  /** What it did so far, in words. */
  told(): string;
  end(): void;
}

/** An attack, and what it must come to. */
export interface Attack {
  /** Before the figures of one of several attacks. */
  readonly name?: string;
  readonly start: (hub: string) => Attacker;
  /** Further flags of the server. */
  readonly args?: readonly string[];
  /** A command that replaces itself by the server. */
  readonly prefix?: readonly string[];
  /** Updates in the journal before. */
  readonly journal?: number;
  /** What the log must say of it. */
  readonly logged?: RegExp;
}

/** Attacks a server while others read, publish and come: compared with as long a time of quiet. */
export async function runAttack(attack: Attack, { full, progress, ...options }: ScenarioOptions): Promise<void> {
  const named = attack.name === undefined ? "" : `${attack.name}: `;
  const report = (figure: Figure): void => options.report({ ...figure, name: named + figure.name });
  const violation = (text: string): void => options.violation(named + text);
  const late = (text: string): void => options.late(named + text);
  const directory = mkdtempSync(join(tmpdir(), "artesian-faults-"));
  const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const data = join(directory, "data");
  mkdirSync(data);
  const file = join(directory, "attacked.json");
  const env = { NODE_OPTIONS: `--import=${new URL("attacked.mjs", import.meta.url).href}`, FAULTS_ATTACKED: file };
  const server = await HubServer.create({ data, directory, env, args: attack.args, prefix: attack.prefix });
  const ends: (() => Promise<void> | void)[] = [];
  const seconds = full ? 30 : 6;
  try {
    await server.start();
    const token = await mint({ publish: ["*"] });
    const flow = new NumberedFlow(server.hub, token);
    ends.push(() => flow.close());
    await flow.run({ topic: "old", updates: attack.journal ?? 0, perBatch: 500, everyMs: 0, size: 100 });
    const readers = new RawReaders(`${server.hub}?match=flow`, READERS);
    ends.push(() => readers.end());
    await readers.opening();
    let topics = 0;
    const publish = (forSeconds: number): Promise<void> =>
      flow.run({
        topic: "flow",
        updates: forSeconds * PER_SECOND,
        perBatch: PER_BATCH,
        everyMs: (1000 * PER_BATCH) / PER_SECOND,
        size: 100,
        // New to the hub: it has to be tested on all patterns.
        tick: () => `/${topics++}/new`,
      });
    const measure = async (): Promise<{ readonly p99Ms: number; readonly longestMs: number; readonly newcomersMs: readonly number[] }> => {
      readers.measure();
      await longestBlockMs(server, file);
      let isOver = false;
      const newcomers = receiveNewcomers(server, token, () => isOver);
      await publish(seconds);
      await readers.reach(flow.next.get("flow") ?? 0, CATCH_UP_MS);
      isOver = true;
      const newcomersMs = await newcomers;
      return { p99Ms: readers.said.p99Ms, longestMs: await longestBlockMs(server, file), newcomersMs };
    };
    await publish(seconds / 2);
    const memory = new MemoryWatch(server.pid);
    ends.push(() => memory.end());
    const before = await measure();
    memory.rebase();
    const attacker = attack.start(server.hub);
    ends.push(() => attacker.end());
    await until(ANSWER_MS, "The attack", () => attacker.isOn());
    progress(`${named}under attack`);
    const during = await measure();
    const slowestMs = Math.max(...during.newcomersMs);

    report({ name: "attack", value: attacker.told() });
    report({
      name: "event loop held up, at the most",
      value: `${figure(before.longestMs)} ms before, ${figure(during.longestMs)} ms meanwhile`,
    });
    report({ name: "the others' p99", value: `${figure(before.p99Ms, 1)} ms before, ${figure(during.p99Ms, 1)} ms meanwhile` });
    report({ name: "newcomers", value: `${figure(during.newcomersMs.length)}, the slowest in ${figure(slowestMs)} ms` });
    report({ name: "memory grown", value: `${figure(memory.grownMiB)} MiB` });
    const noiseMs = full ? NOISE_MS.full : NOISE_MS.ci;
    const slower = (ms: number): number => Math.max(ms * SLOWER, ms + noiseMs);
    if (during.longestMs > LONGEST_MS) late(`the event loop was held up for ${figure(during.longestMs)} ms`);
    if (during.p99Ms > slower(before.p99Ms)) late(`the others' p99 went from ${figure(before.p99Ms, 1)} to ${figure(during.p99Ms, 1)} ms`);
    if (!(slowestMs <= NEWCOMER_MS)) late(`a newcomer was served after ${figure(slowestMs)} ms`);
    if (memory.grownMiB > MEMORY_MIB) violation(`memory grew by ${figure(memory.grownMiB)} MiB`);
    const { gaps, disorder, refused, reconnections } = readers.said;
    if (gaps + disorder + refused + reconnections > 0) {
      violation(`the others had ${gaps} gaps, ${disorder} updates in disorder, ${refused} refusals, ${reconnections} reconnections`);
    }
    if (attack.logged?.test(readFileSync(server.log, "utf8")) === false) violation("the log does not tell of the attack");
    if (server.crashes > 0) violation("the server ended");
  } finally {
    for (const end of ends.toReversed()) await end();
    if (server.runs) await server.terminate();
    remove();
  }
}

/** How long a server's event loop was held up at the most since it was last asked, in milliseconds of processor time. */
async function longestBlockMs({ pid }: HubServer, file: string): Promise<number> {
  const read = (): { readonly asked: number; readonly longestMs: number } | undefined =>
    existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { asked: number; longestMs: number }) : undefined;
  const before = read()?.asked ?? 0;
  process.kill(pid, "SIGUSR2");
  await until(ANSWER_MS, "How long the event loop was held up", () => (read()?.asked ?? 0) > before);
  return read()?.longestMs ?? NaN;
}

/** Somebody comes, publishes and subscribes, and the next one. @returns How long each took, in milliseconds; Infinity for one that was not served. */
async function receiveNewcomers({ hub }: HubServer, token: string, isOver: () => boolean): Promise<readonly number[]> {
  const took: number[] = [];
  for (let n = 1; !isOver(); n++) {
    const beganMs = nowMs();
    const localAddress = `127.0.2.${(n % 250) + 1}`;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-www-form-urlencoded" };
    const statuses = [
      await statusOf(hub, { method: "POST", headers, localAddress }, "topic=newcomer"),
      await statusOf(`${hub}?match=a`, { localAddress }),
    ];
    took.push(statuses.every((status) => status === 200) ? nowMs() - beganMs : Infinity);
    await sleep(NEWCOMER_EVERY_MS);
  }
  return took;
}

function statusOf(
  url: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly localAddress: string },
  body = "",
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request(url, { ...options, agent: false, timeout: ANSWER_MS }, ({ statusCode }) => {
      resolve(statusCode);
      asked.destroy();
    });
    asked.once("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
    asked.end(body);
  });
}
