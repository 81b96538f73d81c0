import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, type Random } from "../../support/random.ts";
import { atEnd } from "../lib/cleanup.ts";
import { nowMs, sleep, within } from "../lib/clock.ts";
import { HubServer } from "../lib/hub-server.ts";
import { ask, PROBE_TYPE } from "../lib/probe.ts";
import { read } from "../lib/readers.ts";
import type { Scenario } from "../lib/scenario.ts";
import { witness } from "../lib/standard-load.ts";
import { figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const LANES = 64;
/** How often each update is sent again after its answer, and in how many of the attempts before the answer is not waited for. */
const AGAIN = 4;
const LOST = { of: 4, longestMs: 4 };
const LIFE_MS = { least: 500, most: 2500 };
/** Without an answer for this long, an attempt has failed. */
const ANSWER_MS = 10_000;
const PAUSE_MS = 5;
const READ_MS = 120_000;
const MOST_TOLD = 5;

interface Attempts {
  readonly agent: Agent;
  readonly hub: string;
  readonly token: string;
  readonly random: Random;
  readonly counts: { attempts: number; lost: number };
}

export const retries: Scenario = {
  name: "retries",
  promise: "R6",
  what: "every update is sent again and again with its idempotency key: answers that were lost, repeats of what was answered, and a SIGKILL every second or two",
  run: async ({ full, seed, report, progress, violation }) => {
    const wanted = full ? 1_000_000 : 30_000;
    const directory = mkdtempSync(join(tmpdir(), "artesian-faults-"));
    const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
    const data = join(directory, "data");
    mkdirSync(data);
    const server = await HubServer.create({ data, directory });
    const random = createRandom(seed);
    const agent = new Agent({ keepAlive: true, maxSockets: LANES });
    const attempts: Attempts = {
      agent,
      hub: server.hub,
      token: await mint({ publish: ["*"] }),
      random,
      counts: { attempts: 0, lost: 0 },
    };
    const { counts } = attempts;
    const ids = new Map<number, string>();
    let broken = 0;
    const fail = (text: string): void => {
      if (broken++ < MOST_TOLD) violation(text);
    };
    const retried = (): number => counts.attempts - ids.size;
    try {
      await server.start();
      let next = 0;
      const state = { isOver: false };
      const lane = async (): Promise<void> => {
        while (!state.isOver) {
          const number = next++;
          const id = await untilAnswered(attempts, number);
          ids.set(number, id);
          for (let i = 0; i < AGAIN; i++) {
            const other = await untilAnswered(attempts, number);
            if (other !== id) fail(`update ${number} has the event ids ${id} and ${other}`);
          }
        }
      };
      const lanes = Promise.all(Array.from({ length: LANES }, lane));
      let kills = 0;
      for (; retried() < wanted; kills++) {
        await sleep(random.between(LIFE_MS.least, LIFE_MS.most));
        await server.kill("everything");
        await server.start();
        progress(`${figure(retried())} of ${figure(wanted)} retries, ${kills + 1} kills`);
      }
      state.isOver = true;
      await lanes;
      const updates = await readUpdates(server.hub, attempts.token);
      const seen = new Map<number, number>();
      for (const { id, data: text } of updates) {
        const number = Number(text);
        seen.set(number, (seen.get(number) ?? 0) + 1);
        if (ids.get(number) !== id) fail(`update ${text} was answered with ${ids.get(number)}, and is there with ${id}`);
      }
      const lost = [...ids.keys()].filter((number) => !seen.has(number)).length;
      const repeated = updates.length - seen.size;
      if (lost > 0 || repeated > 0) fail(`${lost} of ${ids.size} updates are not there, ${repeated} are there more than once`);
      report({ name: "updates", value: figure(ids.size) });
      report({ name: "retries", value: figure(retried()) });
      report({ name: "answers not waited for", value: figure(counts.lost) });
      report({ name: "kills", value: figure(kills) });
      report({ name: "lost", value: figure(lost) });
      report({ name: "repeated", value: figure(repeated) });
      if (server.crashes > 0) violation(`it ended by itself: ${server.complaints()}`);
    } finally {
      agent.destroy();
      if (server.runs) await server.kill("everything");
      remove();
    }
  },
};

/** All updates that are held, in order. */
async function readUpdates(hub: string, token: string): Promise<readonly { readonly id: string; readonly data: string }[]> {
  const updates: { id: string; data: string }[] = [];
  const plan = await witness("held");
  await ask(hub, { token, data: "end" });
  let close = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    close = read(hub, plan, {
      opened: () => undefined,
      lost: () => undefined,
      event: (type, data, id) => {
        if (type === PROBE_TYPE) resolve();
        else if (!type.startsWith("hub:")) updates.push({ id, data });
      },
    });
  });
  try {
    await within(READ_MS, "Reading what is held", done);
  } finally {
    close();
  }
  return updates;
}

/** Tries until there is an answer. @returns The event id. */
async function untilAnswered(attempts: Attempts, number: number): Promise<string> {
  const deadline = nowMs() + 6 * ANSWER_MS;
  for (;;) {
    const id = await attempt(attempts, number);
    if (id !== undefined) return id;
    if (nowMs() > deadline) throw new Error(`Update ${number} had no answer within ${6 * ANSWER_MS} ms.`);
    await sleep(PAUSE_MS);
  }
}

/** Sends once. @returns The event id; undefined without an answer, which one time in a few is not even waited for. */
function attempt({ agent, hub, token, random, counts }: Attempts, number: number): Promise<string | undefined> {
  counts.attempts++;
  return new Promise((resolve, reject) => {
    const body = `topic=retries&data=${number}`;
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/x-www-form-urlencoded",
      "content-length": body.length,
      "idempotency-key": `"key ${number}"`,
    };
    const req = request(hub, { method: "POST", agent, headers, timeout: ANSWER_MS }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (part: string) => (text += part));
      res.once("close", () => {
        if (res.statusCode === 200) resolve(res.complete ? text.trim() : undefined);
        // What a server says that is going or coming.
        else if (res.statusCode === 503) resolve(undefined);
        else reject(new Error(`Update ${number} was answered ${res.statusCode}: ${text}`));
      });
    });
    req.once("timeout", () => req.destroy());
    req.once("error", () => resolve(undefined));
    req.end(body);
    if (random.below(LOST.of) > 0) return;
    counts.lost++;
    setTimeout(() => req.destroy(), random.below(LOST.longestMs + 1));
  });
}
