import { existsSync, readdirSync, readFileSync } from "node:fs";
import { until } from "./clock.ts";
import type { HubServer } from "./hub-server.ts";
import { residentBytes } from "./memory.ts";

const ANSWER_MS = 20_000;

/** What a server holds. */
export interface Holdings {
  readonly descriptors: number;
  /** Timers that keep the process, and those of sockets: what Node counts. */
  readonly timers: number;
  /** Open handles and requests of the event loop, timers not among them. */
  readonly handles: number;
  /** After a collection, in bytes. */
  readonly heapUsed: number;
  readonly residentBytes: number;
}

/** The environment that makes a server answer {@link readHoldings}. */
export function insideEnv(file: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${new URL("inside.mjs", import.meta.url).href}`, FAULTS_INSIDE: file };
}

interface Inside {
  readonly asked: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly heapUsed: number;
}

/** Asks a server, which must be one process, what it holds. */
export async function readHoldings({ pid }: HubServer, file: string): Promise<Holdings> {
  const read = (): Inside | undefined => (existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Inside) : undefined);
  const before = read()?.asked ?? 0;
  process.kill(pid, "SIGUSR2");
  await until(ANSWER_MS, "What the server holds", () => (read()?.asked ?? 0) > before);
  const { resources = {}, heapUsed = 0 } = read() ?? {};
  const { Timeout: timers = 0, ...others } = resources;
  return {
    timers,
    handles: Object.values(others).reduce((sum, count) => sum + count, 0),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    heapUsed,
    residentBytes: residentBytes(pid),
  };
}
