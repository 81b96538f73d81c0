import type { Hub, JournalRecord } from "../../index.ts";
import { partsOf } from "../../create-hub.ts";
import { Lease } from "../../core/lease.ts";
import { WATCHED_MS } from "./options.ts";
import { isOwn } from "./own-updates.ts";
import { type Latencies, LATENCY_BOUNDS, LATENCY_COLUMN_MS, LATENCY_COLUMNS, type LatencyColumn } from "./wire.ts";

/** Name of the request for another process's columns. */
const LATENCIES = "console/latencies";

/** Counts how long updates took from the append to the sockets, while somebody looks. */
export class LatencyCounts {
  readonly #hub: Hub;
  readonly #lease: Lease;
  readonly #stopAnswering: () => void;
  readonly #columns: { readonly at: number; readonly counts: number[] }[] = [];

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#lease = new Lease(WATCHED_MS, () => {
      const { process } = partsOf(hub);
      process.watchDelivered((batch) => this.#take(batch));
      return () => {
        process.watchDelivered(undefined);
        this.#columns.length = 0;
      };
    });
    this.#stopAnswering = partsOf(hub).peers.answer(LATENCIES, () => this.#own());
  }

  /** The columns of all processes, added up. */
  async read(): Promise<Latencies> {
    const { answers } = await partsOf(this.#hub).peers.ask(LATENCIES, null);
    const sums = new Map<number, number[]>();
    for (const [at, ...counts] of [this.#own(), ...answers.map(({ value }) => value as readonly LatencyColumn[])].flat()) {
      const sum = sums.get(at);
      if (sum === undefined) sums.set(at, counts);
      else for (const [i, count] of counts.entries()) sum[i] = (sum[i] ?? 0) + count;
    }
    return { now: Date.now(), columns: [...sums].map(([at, counts]): LatencyColumn => [at, ...counts]).toSorted(([a], [b]) => a - b) };
  }

  close(): void {
    this.#stopAnswering();
    this.#lease.end();
  }

  #own(): readonly LatencyColumn[] {
    this.#lease.extend();
    const since = Date.now() - LATENCY_COLUMNS * LATENCY_COLUMN_MS;
    return this.#columns.filter(({ at }) => at > since).map(({ at, counts }) => [at, ...counts]);
  }

  #take(batch: readonly JournalRecord[]): void {
    const now = Date.now();
    const at = now - (now % LATENCY_COLUMN_MS);
    let column = this.#columns.at(-1);
    if (column?.at !== at) {
      column = { at, counts: LATENCY_BOUNDS.map(() => 0) };
      this.#columns.push(column);
      if (this.#columns.length > LATENCY_COLUMNS) this.#columns.shift();
    }
    for (const record of batch) {
      if (isOwn(record)) continue;
      const latencyMs = now - record.at;
      const bucket = LATENCY_BOUNDS.findIndex((bound) => latencyMs < bound);
      column.counts[bucket] = (column.counts[bucket] ?? 0) + 1;
    }
  }
}
