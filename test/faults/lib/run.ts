import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, type Random } from "../../support/random.ts";
import { check } from "../checker/check.ts";
import type { Publish, Verdict } from "../checker/history.ts";
import { atEnd } from "./cleanup.ts";
import { nowMs, sleep } from "./clock.ts";
import { HubServer, type HubServerOptions } from "./hub-server.ts";
import { publishTheLast } from "./last-update.ts";
import { countAnswers, countLosses, measureRecoveries, readLog } from "./logs.ts";
import { readLines } from "./ndjson.ts";
import type { Lane, SubscriberPlan } from "./plan.ts";
import { PublisherProcess, SubscriberProcess } from "./program.ts";
import { PRIVATE_TOPICS, standardLanes, standardSubscribers, TOPICS, witness } from "./standard-load.ts";
import { mint } from "./tokens.ts";

/** What a run needs of what it puts under load. */
export interface FaultServer {
  /** Where publishers publish. */
  readonly hub: string;
  /** Where subscribers subscribe. Default: at the same place. */
  readonly subscribersHub?: string | undefined;
  readonly runs: boolean;
  /** How often a process of it ended though nobody ended it. */
  readonly crashes: number;
  start(): Promise<unknown>;
  /** Kills all of it with -9. */
  kill(part: "everything"): Promise<unknown>;
  /** @returns The exit code, or the signal that ended it. */
  terminate(): Promise<number | NodeJS.Signals>;
  complaints(): string;
}

/** A run: a server under load while something is done to it. */
export interface FaultRunOptions<S extends FaultServer = HubServer> {
  /** Chooses everything that is random; the runner prints it. */
  readonly seed: number;
  /** How the server is run; or what makes one, in the directory of the run. */
  readonly server?: Partial<Omit<HubServerOptions, "directory">> | ((directory: string) => Promise<S>) | undefined;
  /** The publishers stop after so many acknowledged updates; else when the faults are over. */
  readonly updates?: number | undefined;
  /** Updates a second of all publishers together. Default 5,000. */
  readonly perSecond?: number | undefined;
  /** Default: 32 lanes of all kinds. */
  readonly lanes?: readonly Lane[] | undefined;
  /** Longest data, in bytes. Default 2,000. */
  readonly mostBytes?: number | undefined;
  /** Default: the fifteen of `standardSubscribers`. */
  readonly subscribers?: readonly SubscriberPlan[] | undefined;
  /** What has one order: all updates, or those with the same first topic, as in a journal of several partitions. Default: all. */
  readonly orderOf?: "all" | "topic" | undefined;
  /** How long everybody may take to come to the end when the faults are over, in milliseconds. Default 60,000. */
  readonly settleMs?: number | undefined;
  /** Does what the run is about, while publishers publish and subscribers receive. */
  readonly inject: (context: FaultContext<S>) => Promise<void>;
}

export interface FaultContext<S extends FaultServer = HubServer> {
  readonly server: S;
  readonly publisher: PublisherProcess;
  readonly subscribers: SubscriberProcess;
  readonly random: Random;
  /** A directory of the run, which is deleted at its end; `data` is in it unless the options say otherwise. */
  readonly directory: string;
  /** Notes the moment of a fault, from which the recovery is measured. */
  readonly mark: () => void;
}

export interface FaultOutcome {
  readonly verdict: Verdict;
  /** Why the run is not good, beside what the checker found: a crash, or an end that was not clean. Empty: nothing. */
  readonly failures: readonly string[];
  /** Of each marked fault: until a publish that began after it was acknowledged, in milliseconds; but for those that the next fault came before. */
  readonly recoveriesMs: readonly number[];
  /** What publishers were answered (`200`, `503`, `ECONNRESET`), and for how many updates. */
  readonly answers: ReadonlyMap<string, number>;
  /** Why subscribers lost their connections, and how often. */
  readonly losses: ReadonlyMap<string, number>;
  readonly seconds: number;
}

const STOP_MS = 60_000;
const ARRIVAL_MS = 5000;

/**
 * Starts a server, subscribers and publishers; injects faults; then lets everybody settle: publishers stop, the server is started if it is not
 * there, one more subscriber reads the whole journal, a last update is published, and all have to receive it. Then the checker judges the logs.
 *
 * @throws Error when a part of the harness fails, or the server does not come back.
 */
export async function runFaults<S extends FaultServer = HubServer>(options: FaultRunOptions<S>): Promise<FaultOutcome> {
  const directory = mkdtempSync(join(tmpdir(), "artesian-faults-"));
  const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const beganMs = nowMs();
  const random = createRandom(options.seed);
  const logs = join(directory, "logs");
  mkdirSync(logs);
  const server = await createServer(options, directory);
  const marks: number[] = [];
  const programs: { kill(): void }[] = [];
  try {
    await server.start();
    const subscribers = new SubscriberProcess({ hub: server.subscribersHub ?? server.hub, directory: logs });
    programs.push(subscribers);
    subscribers.open(options.subscribers ?? (await standardSubscribers()));
    await subscribers.opening(subscribers.plans.length);
    const publisher = new PublisherProcess({
      hub: server.hub,
      token: await mint({ publish: ["*"] }),
      log: join(directory, "publishes.ndjson"),
      seed: random.below(2 ** 31),
      lanes: options.lanes ?? standardLanes(32),
      topics: TOPICS,
      privateTopics: PRIVATE_TOPICS,
      perSecond: options.perSecond ?? 5000,
      mostBytes: options.mostBytes ?? 2000,
      updates: options.updates ?? Infinity,
    });
    programs.push(publisher);
    await options.inject({ server, publisher, subscribers, random, directory, mark: () => void marks.push(nowMs()) });
    await publisher.stop(STOP_MS);
    if (!server.runs) await server.start();
    subscribers.open([await witness("witness")]);
    // With no one order, the last update is the last one only where all others have arrived.
    if (options.orderOf === "topic") await sleep(ARRIVAL_MS);
    const lastOnes = await publishTheLast(server.hub);
    const isFinished = await subscribers.finish(options.settleMs ?? 60_000);
    const exit = await server.terminate();
    const publishes = [...readLines<Publish>(join(directory, "publishes.ndjson")), ...lastOnes];
    const verdict = check({ publishes, subscribers: subscribers.plans.map((plan) => readLog(logs, plan)) }, options.orderOf);
    return {
      verdict,
      failures: [
        ...(server.crashes > 0 ? [`the server ended ${server.crashes} times by itself: ${server.complaints()}`] : []),
        ...(exit === 0 ? [] : [`the server's last exit code was ${exit}`]),
        ...(isFinished ? [] : ["not all subscribers came to the end"]),
      ],
      recoveriesMs: measureRecoveries(marks, publishes),
      answers: countAnswers(publishes),
      losses: countLosses(logs, subscribers.plans),
      seconds: (nowMs() - beganMs) / 1000,
    };
  } finally {
    for (const program of programs) program.kill();
    if (server.runs) await server.kill("everything");
    remove();
  }
}

function createServer<S extends FaultServer>({ server }: FaultRunOptions<S>, directory: string): Promise<S> {
  if (typeof server === "function") return server(directory);
  // Without one of its own, S is what it is by default.
  return HubServer.create({ data: join(directory, "data"), ...server, directory }) as Promise<FaultServer> as Promise<S>;
}
