import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { expect, onTestFinished } from "vitest";
import { readStream, type TestStream } from "../support/stream.ts";
import { type Answer, runToEnd, type RunningServer, type RunOptions, send, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { childrenOf, holderOf } from "./worker-processes.ts";

export const TWO: readonly string[] = ["--workers", "2"];
export const FORM = { "content-type": "application/x-www-form-urlencoded" };
/** Connections until each worker had one: that it takes as many is out of the question. */
export const MANY = 300;

/** A server of several processes. */
export interface WorkerPool extends RunningServer {
  /** The ids of the workers' processes, as of now. */
  workers(): number[];
}

export async function startPool(args: readonly string[] = TWO, options?: RunOptions): Promise<WorkerPool> {
  const server = await startServer(args, options);
  return { ...server, workers: () => childrenOf(server.run.child.pid ?? 0) };
}

/** An open stream, and the worker that serves it. */
export interface HeldStream extends TestStream {
  readonly worker: number;
}

export async function open(pool: WorkerPool, target: string, headers: Readonly<Record<string, string>> = {}): Promise<HeldStream> {
  const req = get(target, { agent: false, headers });
  const [res] = (await once(req, "response")) as [IncomingMessage];
  onTestFinished(() => void req.destroy());
  req.on("error", () => undefined);
  const body = Readable.toWeb(res) as ReadableStream<Uint8Array>;
  const stream = readStream(new Response(body, { status: res.statusCode ?? 0 }), () => void req.destroy());
  // What is refused has ended already.
  return { ...stream, worker: res.statusCode === 200 ? holderOf(res.socket, pool.workers()) : 0 };
}

/** Opens streams until each worker serves one; the others are closed. */
export function openAtEach(pool: WorkerPool, target: string, headers?: Readonly<Record<string, string>>): Promise<AtEach<HeldStream>> {
  return atEach(
    pool,
    () => open(pool, target, headers),
    (surplus) => surplus.close(),
  );
}

/** Sends requests to one worker: over one connection that is kept. */
export interface Line {
  readonly worker: number;
  readonly send: (path: string, method?: string, body?: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;
}

async function openLine(pool: WorkerPool): Promise<Line> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const connected = once(agent, "free") as Promise<[Socket]>;
  expect((await send(`${pool.url}/health/live`, { agent })).status).toBe(200);
  const [socket] = await connected;
  const worker = holderOf(socket, pool.workers());
  return {
    worker,
    send: async (path, method = "GET", body = "", headers = {}) => {
      const answer = await send(`${pool.url}${path}`, { agent, method, headers: { ...(method === "POST" && FORM), ...headers } }, body);
      // Had it been another connection, it might have been another worker.
      expect(Object.values(agent.freeSockets).flat()).toEqual([socket]);
      return answer;
    },
  };
}

export function openLineToEach(pool: WorkerPool): Promise<AtEach<Line>> {
  return atEach(
    pool,
    () => openLine(pool),
    () => undefined,
  );
}

/** One of each worker, in the order of their processes' ids. */
export type AtEach<T> = [T, T, ...T[]];

async function atEach<T extends { readonly worker: number }>(
  pool: WorkerPool,
  connect: () => Promise<T>,
  drop: (surplus: T) => void,
): Promise<AtEach<T>> {
  const byWorker = new Map<number, T>();
  const count = pool.workers().length;
  for (let i = 0; byWorker.size < count && i < MANY; i++) {
    const one = await connect();
    if (byWorker.has(one.worker)) drop(one);
    else byWorker.set(one.worker, one);
  }
  const [first, second, ...others] = [...byWorker].toSorted(([a], [b]) => a - b).map(([, value]) => value);
  if (first === undefined || second === undefined || byWorker.size < count) throw new Error(`${MANY} connections left out a worker.`);
  return [first, second, ...others];
}

/** A hub with keys, and what makes tokens for it. */
export async function startGuarded(
  args: readonly string[],
  workers: readonly string[] = TWO,
): Promise<{ pool: WorkerPool; mint: (...flags: string[]) => Promise<string> }> {
  const cwd = temporaryDirectory();
  const audience = ["--resource-identifier", "https://hub.example/.well-known/mercure"];
  expect((await runToEnd(["keys", "create"], { cwd })).code).toBe(0);
  const mint = async (...flags: string[]): Promise<string> =>
    (await runToEnd(["token", "mint", ...audience, ...flags], { cwd })).stdout.trim();
  return { pool: await startPool([...workers, ...audience, ...args], { cwd, tokens: true }), mint };
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });
