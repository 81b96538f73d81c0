import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attack, type FromAttacker, startAttack } from "../lib/attacker-process.ts";
import { atEnd } from "../lib/cleanup.ts";
import { nowMs, sleep } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { longestLoopDelay, loopDelayEnv } from "../lib/loop-delay.ts";
import { MemoryWatch } from "../lib/memory.ts";
import { NumberedFlow } from "../lib/numbered.ts";
import { RawReaders } from "../lib/raw-reader-process.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

/** What the promise allows: how long the event loop may be held up, the others' p99, and growth of the server's memory in MiB. */
const HELD_UP_MS = { ci: 200, full: 100 };
const SLOWER = 1.2;
const MEMORY_MIB = 128;
/** What the others' p99 differs by from one run to the next, in milliseconds: attackers share the two processors with the hub. */
const NOISE_MS = { ci: 100, full: 20 };
const SECONDS = { ci: 4, full: 30 };
const READERS = 50;
const PER_SECOND = 100;
const PER_BATCH = 2;
const BYTES = 100;
const ARRIVAL_MS = 30_000;
/** Records of the journal before an attack: long enough to make reading all of it dear. */
const JOURNAL = { ci: 50_000, full: 1_000_000 };
const ATTACKER = "203.0.113.7";
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const KIBIBYTE = 1024;

interface Case {
  readonly name: string;
  readonly attack: Attack;
  /** Flags of the hub. */
  readonly args?: readonly string[];
}

const many = (count: number, make: (n: number) => string): readonly string[] => Array.from({ length: count }, (_, n) => make(n));
const patternsOf = (n: number): string => many(100, (i) => `match_urlpattern=/${n}/:a${i}/*`).join("&");

const CASES: readonly Case[] = [
  {
    name: "a body of stray percent signs",
    attack: {
      kind: "requests",
      requests: [{ method: "QUERY", headers: FORM, body: "%&".repeat(128 * KIBIBYTE) }],
      perSecond: 20,
    },
  },
  {
    name: "a batch of topics",
    attack: {
      kind: "requests",
      requests: [
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: `[${many(2500, () => `{"topic":[${'"a",'.repeat(95)}"a"]}`).join(",")}]`,
        },
      ],
      perSecond: 5,
    },
    args: ["--anonymous-publish"],
  },
  {
    name: "HEAD of the whole journal",
    attack: {
      kind: "requests",
      requests: [
        { method: "HEAD", query: "?match=none&last=1000" },
        { method: "HEAD", query: "?match=none&last_event_id=earliest" },
      ],
      perSecond: 20,
    },
  },
  {
    name: "streams with 100 patterns each",
    attack: { kind: "streams", queries: many(100, (n) => `?${patternsOf(n)}`), perSecond: 50, staysMs: undefined },
  },
  {
    name: "patterns that come and go",
    attack: { kind: "streams", queries: many(1000, (n) => `?${patternsOf(n)}`), perSecond: 50, staysMs: 20 },
  },
  {
    name: "subscribers that come and go, with presence",
    attack: { kind: "streams", queries: many(100, (n) => `?match=${n}`), perSecond: 200, staysMs: 5 },
    args: ["--subscriptions"],
  },
];

export const attacks: Scenario = {
  name: "attacks",
  promise: "R18",
  what: "one address asks for the dearest that it may, while others publish and subscribe",
  run: async (options) => {
    for (const each of CASES) await runCase(each, options);
  },
};

async function runCase(each: Case, { full, report, progress, violation }: ScenarioOptions): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "artesian-faults-"));
  const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const data = join(directory, "data");
  mkdirSync(data);
  const delays = join(directory, "delays");
  const args = ["--max-lifetime", "1h", "--trusted-proxies", "127.0.0.1", "--retention-count", "none", ...(each.args ?? [])];
  const server = await HubServer.create({ data, directory, args, env: loopDelayEnv(delays) });
  const ends: (() => Promise<void> | void)[] = [];
  const fail = (text: string): void => violation(`${each.name}: ${text}`);
  const size = full ? "full" : "ci";
  try {
    await server.start();
    const flow = new NumberedFlow(server.hub, await mint({ publish: ["*"] }));
    ends.push(() => flow.close());
    await flow.run({ topic: "old", updates: JOURNAL[size], perBatch: 500, everyMs: 0, size: BYTES });
    const readers = new RawReaders(`${server.hub}?match=flow`, READERS);
    ends.push(() => readers.end());
    await readers.opening();
    const measure = async (): Promise<{ readonly p99Ms: number; readonly heldUpMs: number }> => {
      readers.measure();
      const fromMs = nowMs();
      const everyMs = (1000 * PER_BATCH) / PER_SECOND;
      await flow.run({ topic: "flow", updates: SECONDS[size] * PER_SECOND, perBatch: PER_BATCH, everyMs, size: BYTES });
      await readers.reach(flow.next.get("flow") ?? 0, ARRIVAL_MS);
      // The last window is noted, and the last ages are told.
      await sleep(500);
      return { p99Ms: readers.said.p99Ms, heldUpMs: longestLoopDelay(delays, fromMs, nowMs()) };
    };
    // Once for what is compiled on the way.
    await measure();
    const before = await measure();
    const memory = new MemoryWatch(server.pid);
    ends.push(() => memory.end());
    progress(`${each.name}: the attack begins`);
    const attack = await startAttack({ hub: server.hub, address: ATTACKER, attack: each.attack });
    ends.push(() => attack.end());
    const during = await measure();
    attack.end();
    const after = await measure();
    const { gaps, disorder, refused, reconnections } = readers.said;
    report({ name: `${each.name}: answers`, value: answersOf(attack.said()) });
    report({
      name: `${each.name}: event loop held up`,
      value: `at most ${figure(during.heldUpMs)} ms (${figure(before.heldUpMs)} ms before)`,
    });
    report({
      name: `${each.name}: the others' p99`,
      value: `${figure(before.p99Ms, 1)} ms before, ${figure(during.p99Ms, 1)} ms meanwhile, ${figure(after.p99Ms, 1)} ms after`,
    });
    report({ name: `${each.name}: memory`, value: `${figure(memory.grownMiB)} MiB more` });
    if (Object.keys(attack.said().statuses).length === 0) fail("the attack had no answer at all");
    if (!(during.heldUpMs <= Math.max(HELD_UP_MS[size], before.heldUpMs * 2)))
      fail(`the event loop was held up for ${figure(during.heldUpMs)} ms`);
    if (during.p99Ms > Math.max(before.p99Ms * SLOWER, before.p99Ms + NOISE_MS[size])) {
      fail(`the others' p99 went from ${figure(before.p99Ms, 1)} to ${figure(during.p99Ms, 1)} ms`);
    }
    if (memory.grownMiB > MEMORY_MIB) fail(`memory grew by ${figure(memory.grownMiB)} MiB`);
    if (gaps + disorder + refused + reconnections > 0) {
      fail(`${gaps} gaps, ${disorder} updates out of order, ${refused} refusals, ${reconnections} reconnections of the others`);
    }
  } finally {
    for (const end of ends.toReversed()) await end();
    if (server.runs) await server.terminate();
    remove();
  }
}

function answersOf({ sent, statuses }: FromAttacker): string {
  const parts = Object.entries(statuses).map(([status, count]) => `${figure(count)} × ${status === "0" ? "none" : status}`);
  return `${figure(sent)} sent; ${parts.join(", ")}`;
}
