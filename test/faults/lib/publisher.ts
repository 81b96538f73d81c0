// The publisher: a program of its own. Each lane sends one request after the other and logs what became of it.
import { Agent } from "node:http";
import { createRandom, type Random } from "../../support/random.ts";
import type { Publish } from "../checker/history.ts";
import { nowMs, sleep } from "./clock.ts";
import { createLineLog, type LineLog } from "./ndjson.ts";
import { payloadOf } from "./payload.ts";
import type { FromPublisher, Lane, PublisherConfig, ToPublisher } from "./plan.ts";
import { send, sendUntilKnown } from "./send.ts";

/** What is behind its time by more than this was held up by a fault, and is not made up for. */
const MOST_BEHIND_MS = 100;

interface Draft {
  readonly key: string;
  readonly id: string | undefined;
  readonly topics: readonly string[];
  readonly private: boolean;
  readonly data: string;
}

const count = { acknowledged: 0, failed: 0, unknown: 0 };
const stop = new AbortController();
/** When the next update is due. */
let dueMs = 0;

function draftOf(lane: Lane, sequence: number, random: Random, config: PublisherConfig): Draft {
  const isPrivate = config.privateTopics.length > 0 && random.below(4) === 0;
  const topics = [random.pick(isPrivate ? config.privateTopics : config.topics)];
  // Alternate topics: whoever asks for both receives it once.
  if (!isPrivate && random.below(5) === 0) topics.push(random.pick(config.topics));
  const key = `${lane.name}-${sequence}`;
  const length = random.below(20) === 0 ? random.between(1, config.mostBytes) : random.between(1, 100);
  return {
    key,
    id: lane.ownIds ? `own:${key}` : undefined,
    topics: [...new Set(topics)],
    private: isPrivate,
    data: payloadOf(key, length),
  };
}

function bodyOf(lane: Lane, drafts: readonly Draft[]): { type: string; body: string } {
  const objects = drafts.map(({ id, topics, private: isPrivate, data }) => ({
    topic: topics,
    data,
    ...(id === undefined ? {} : { id }),
    ...(isPrivate ? { private: true } : {}),
  }));
  if (lane.kind === "ndjson") return { type: "application/x-ndjson", body: objects.map((each) => JSON.stringify(each)).join("\n") };
  if (lane.kind === "array") return { type: "application/json", body: JSON.stringify(objects) };
  const [object] = objects;
  if (lane.kind === "json") return { type: "application/json", body: JSON.stringify(object) };
  const form = new URLSearchParams(drafts[0]?.topics.map((topic) => ["topic", topic]));
  for (const [name, value] of Object.entries(object ?? {})) if (name !== "topic") form.set(name, value === true ? "on" : String(value));
  return { type: "application/x-www-form-urlencoded", body: form.toString() };
}

async function takeTurn(updates: number, perSecond: number): Promise<void> {
  dueMs = Math.max(dueMs, nowMs() - MOST_BEHIND_MS) + (updates / perSecond) * 1000;
  const waitMs = dueMs - nowMs();
  if (waitMs > 0) await sleep(waitMs);
}

async function runLane(lane: Lane, config: PublisherConfig, agent: Agent, log: LineLog, random: Random): Promise<void> {
  for (let sequence = 0; !stop.signal.aborted && count.acknowledged < config.updates;) {
    const size = "most" in lane ? random.between(1, lane.most) : 1;
    await takeTurn(size, config.perSecond);
    if (stop.signal.aborted) return;
    const drafts = Array.from({ length: size }, () => draftOf(lane, sequence++, random, config));
    const begunMs = nowMs();
    const shipment = { hub: config.hub, token: config.token, agent, ...bodyOf(lane, drafts) };
    // Of a run: the first key of a request names it.
    const idempotencyKey = `${config.seed} ${drafts[0]?.key}`;
    const { outcome, answer, ids, attempts } = lane.triesAgain
      ? await sendUntilKnown({ ...shipment, idempotencyKey })
      : { ...(await send(shipment)), attempts: 1 };
    const endedMs = nowMs();
    drafts.forEach(({ key, topics, private: isPrivate }, i) => {
      const line: Publish = { key, lane: lane.name, topics, private: isPrivate, outcome, answer, begunMs, endedMs, id: ids[i], attempts };
      log.write(line);
    });
    count[outcome === "ok" ? "acknowledged" : outcome] += size;
    if (outcome !== "ok") await sleep(random.between(2, 20));
  }
}

async function run(config: PublisherConfig): Promise<void> {
  const log = createLineLog(config.log);
  const agent = new Agent({ keepAlive: true, maxSockets: config.lanes.length });
  const report = (done: boolean): void => void process.send?.({ kind: "progress", ...count, done } satisfies FromPublisher);
  const timer = setInterval(() => report(false), 20);
  const random = createRandom(config.seed);
  const seeds = config.lanes.map(() => random.below(2 ** 31));
  await Promise.all(config.lanes.map((lane, i) => runLane(lane, config, agent, log, createRandom(seeds[i] ?? 0))));
  clearInterval(timer);
  agent.destroy();
  log.close();
  report(true);
  process.disconnect();
}

process.on("message", (message: ToPublisher) => {
  if (message.kind === "stop") stop.abort();
  else void run(message.config);
});
// With whoever started it, it ends.
process.on("disconnect", () => process.exit());
