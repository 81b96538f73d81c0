import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Bystanders, type Measured } from "./bystanders.ts";
import { atEnd } from "./cleanup.ts";
import { until } from "./clock.ts";
import { MemoryWatch } from "./memory.ts";
import type { Figure, ScenarioOptions } from "./scenario.ts";
import { figure } from "./tally.ts";

/**
 * What the promise allows: the longest time that the event loop is held up, the growth of the others' p99 (against the time before, or against the floor under the
 * same attack), and the server's growth in MiB.
 */
const LONGEST_MS = 100;
const SLOWER = 1.2;
const MEMORY_MIB = 64;
/** What the p99 differs by from one run to the next, in milliseconds: all processes share the machine, and in CI with other work. */
const NOISE_MS = { ci: 100, full: 10 };
const SECONDS = { ci: 4, full: 30 };
const NEWCOMER_MS = 1000;
const ATTACK_MS = 20_000;
/** Before the floor is measured, in seconds: its code is compiled, and the attack is under way. */
const WARM_UP_SECONDS = 2;
const FLOOR = fileURLToPath(new URL("floor-server.mjs", import.meta.url));

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
  /** The status that the floor answers the attack by, as the hub does. */
  readonly answeredBy: number;
  /** Connections that the floor keeps, as the hub does. Default: all. */
  readonly mostConnections?: number;
  /** Further flags of the server. */
  readonly args?: readonly string[];
  /** A command that replaces itself by the server. */
  readonly prefix?: readonly string[];
  /** Updates in the journal before. */
  readonly journal?: number;
  /** What the log must say of it. */
  readonly logged?: RegExp;
}

/** Attacks a server while others read, publish and come: compared with as long a time of quiet, and with the floor under the same attack. */
export async function runAttack(attack: Attack, { full, progress, ...options }: ScenarioOptions): Promise<void> {
  const named = attack.name === undefined ? "" : `${attack.name}: `;
  const report = (figure: Figure): void => options.report({ ...figure, name: named + figure.name });
  const violation = (text: string): void => options.violation(named + text);
  const late = (text: string): void => options.late(named + text);
  const directory = mkdtempSync(join(tmpdir(), "artesian-faults-"));
  const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const seconds = full ? SECONDS.full : SECONDS.ci;
  const ends: (() => Promise<void> | void)[] = [];
  try {
    const others = await Bystanders.start(directory, { args: attack.args, prefix: attack.prefix });
    ends.push(() => others.end());
    const { server } = others;
    await others.fill(attack.journal ?? 0);
    await others.openReaders();
    await others.publish(seconds / 2);
    const memory = new MemoryWatch(server.pid);
    ends.push(() => memory.end());
    const before = await others.measure(seconds);
    memory.rebase();
    const attacker = attack.start(server.hub);
    ends.push(() => attacker.end());
    await until(ATTACK_MS, "The attack", () => attacker.isOn());
    progress(`${named}under attack`);
    const during = await others.measure(seconds);
    const told = attacker.told();
    const { gaps, disorder, refused, reconnections } = others.said;
    const log = readFileSync(server.log, "utf8");
    for (const end of ends.splice(0).toReversed()) await end();
    const floor = await measureFloor(attack, directory, seconds);
    const slowestMs = Math.max(...during.newcomersMs);

    report({ name: "attack", value: told });
    report({
      name: "event loop held up, at the most",
      value: `${figure(before.longestMs)} ms before, ${figure(during.longestMs)} ms meanwhile`,
    });
    const ratio = figure(during.p99Ms / floor.p99Ms, 2);
    report({
      name: "the others' p99",
      value: `${figure(before.p99Ms, 1)} ms before, ${figure(during.p99Ms, 1)} ms meanwhile, ${ratio} times the floor's ${figure(floor.p99Ms, 1)} ms`,
    });
    report({ name: "newcomers", value: `${figure(during.newcomersMs.length)}, the slowest in ${figure(slowestMs)} ms` });
    report({ name: "memory grown", value: `${figure(memory.grownMiB)} MiB` });
    const noiseMs = full ? NOISE_MS.full : NOISE_MS.ci;
    const slower = (ms: number): number => Math.max(ms * SLOWER, ms + noiseMs);
    if (during.longestMs > LONGEST_MS) late(`the event loop was held up for ${figure(during.longestMs)} ms`);
    if (during.p99Ms > Math.max(slower(before.p99Ms), slower(floor.p99Ms))) {
      late(
        `the others' p99 went from ${figure(before.p99Ms, 1)} to ${figure(during.p99Ms, 1)} ms, and the floor's is ${figure(floor.p99Ms, 1)} ms`,
      );
    }
    if (!(slowestMs <= NEWCOMER_MS)) late(`a newcomer was served after ${figure(slowestMs)} ms`);
    if (memory.grownMiB > MEMORY_MIB) violation(`memory grew by ${figure(memory.grownMiB)} MiB`);
    if (gaps + disorder + refused + reconnections > 0) {
      violation(`the others had ${gaps} gaps, ${disorder} updates in disorder, ${refused} refusals, ${reconnections} reconnections`);
    }
    if (attack.logged?.test(log) === false) violation("the log does not tell of the attack");
    if (server.crashes > 0) violation("the server ended");
  } finally {
    for (const end of ends.toReversed()) await end();
    remove();
  }
}

/** Measures the same load under the same attack, on a server that does as little as one can. */
async function measureFloor({ start, answeredBy, mostConnections }: Attack, directory: string, seconds: number): Promise<Measured> {
  const bound = mostConnections === undefined ? [] : ["--most", String(mostConnections)];
  const others = await Bystanders.start(directory, { main: FLOOR, args: ["--refusal", String(answeredBy), ...bound] });
  let attacker: Attacker | undefined;
  try {
    await others.openReaders();
    attacker = start(others.server.hub);
    await others.publish(WARM_UP_SECONDS);
    return await others.measure(seconds);
  } finally {
    attacker?.end();
    await others.end();
  }
}
