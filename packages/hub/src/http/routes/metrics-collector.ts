import type { DurationFigures } from "../../core/durations.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { HubCore } from "../../core/hub-core.ts";
import type { HubStats, HubTimings } from "../../core/inspect/own-process.ts";
import { CHECK_WAIT_MS } from "../../core/journal/journal-check.ts";
import { ALONE } from "../../core/inspect/peer-requests.ts";
import { within } from "../../core/scheduler.ts";
import { EventLoopDelays } from "./event-loop-delays.ts";
import { encodeMetrics, histogramSamples, type Metric, type Sample } from "./prometheus.ts";

/** The intention of a refused request. */
export type Wanted = "publish" | "subscribe" | "other";

/** The figures of one process, as reported to the others. */
interface ProcessFigures {
  readonly stats: HubStats;
  readonly timings: HubTimings;
  readonly eventLoop: DurationFigures;
  readonly version: string | undefined;
  /** Refused requests, by intention and error code. */
  readonly refused: readonly (readonly [wanted: Wanted, code: ErrorCode, count: number])[];
  /** Undefined if the runtime does not tell. */
  readonly usage: { readonly cpuSeconds: number; readonly residentBytes: number; readonly startedAtSeconds: number } | undefined;
}

/**
 * Counts facts that only HTTP knows, and collects the figures of this server's processes. Other
 * hubs of the journal report their own.
 */
export class Metrics {
  /** Version of the program, to be reported. */
  version: string | undefined;
  readonly #hub: HubCore;
  readonly #refused = new Map<string, number>();
  readonly #eventLoop = new EventLoopDelays();

  constructor(hub: HubCore) {
    this.#hub = hub;
    hub.workers.answer("http/metrics", () => this.#own());
  }

  /** Counts a refused request. */
  refused(wanted: Wanted, code: ErrorCode): void {
    const key = `${wanted} ${code}`;
    this.#refused.set(key, (this.#refused.get(key) ?? 0) + 1);
  }

  /**
   * Returns all figures, as text for Prometheus. While the journal is away, those known without it.
   */
  async collect(): Promise<string> {
    const { workers, journalCheck } = this.#hub;
    const [{ answers, silent }, failure] = await Promise.all([workers.ask("http/metrics", null), journalCheck.failure()]);
    const oldestAt = failure === undefined ? await this.#oldestAt() : undefined;
    const own = this.#own();
    const all = new Map([[workers.id, own], ...answers.map(({ from, value }) => [from, value as ProcessFigures] as const)]);
    // The order is the same at each scrape, in every process.
    const inOrder = new Map([...all].toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true })));
    const journal = journalFigures(own.stats, oldestAt, failure === undefined);
    return encodeMetrics([...figuresOf(inOrder), ...journal, ...processCountFigures(all.size, silent)]);
  }

  async #oldestAt(): Promise<number | undefined> {
    const found = await within(CHECK_WAIT_MS, this.#hub.process.oldestAt()).catch(() => undefined);
    return found === "late" ? undefined : found;
  }

  #own(): ProcessFigures {
    const refused = [...this.#refused].map(([key, count]) => [...(key.split(" ") as [Wanted, ErrorCode]), count] as const);
    const { process } = this.#hub;
    return {
      stats: process.stats(),
      timings: process.timings(),
      eventLoop: this.#eventLoop.read(),
      version: this.version,
      refused,
      usage: usage(),
    };
  }
}

/**
 * Returns the figures of a process whose journal is not open yet.
 *
 * @param worker - The place of the process. Default: it is the only one.
 */
export function metricsWithoutJournal(worker: string = ALONE): string {
  return encodeMetrics([...usageFigures([[worker, { usage: usage() }]]), journalUp(false), workerCount(1)]);
}

/**
 * Labelled by worker. When a replacement's counter restarts at zero, Prometheus recognises the
 * reset, and no sum goes backwards.
 */
function figuresOf(all: ReadonlyMap<string, ProcessFigures>): Metric[] {
  const { gauge, counter, histogram } = metricsOf(all);
  return [
    gauge("artesian_subscribers", "Open streams.", ({ stats }) => stats.subscribers),
    gauge("artesian_cohorts", "Groups of streams with the same matchers, rights and pace.", ({ stats }) => stats.cohorts),
    gauge("artesian_lagging_subscribers", "Streams that are not at the newest update.", ({ stats }) => stats.lagging),
    gauge("artesian_stalled_subscribers", "Of these, the streams whose socket is full.", ({ stats }) => stats.stalled),
    gauge("artesian_lag_updates", "Updates not sent yet to the stream that is furthest behind.", ({ stats }) => stats.lag.updates),
    gauge("artesian_lag_seconds", "Age of the first of these updates.", ({ stats }) => stats.lag.ms / 1000),
    gauge("artesian_held_bytes", "Bytes in memory that peers have not taken yet.", ({ stats }) => stats.heldBytes),
    {
      name: "artesian_connections_cut_total",
      type: "counter",
      help: "Connections cut because one took nothing for too long (stalled) or all held too much (held).",
      samples: [...all].flatMap(([worker, { stats }]) =>
        Object.entries(stats.cut).map(([reason, value]) => ({ labels: { worker, reason }, value })),
      ),
    },
    counter("artesian_updates_published_total", "Updates acknowledged to their publishers.", ({ stats }) => stats.published),
    counter("artesian_updates_delivered_total", "Updates given to sockets.", ({ stats }) => stats.delivered),
    counter("artesian_sent_bytes_total", "Bytes of events given to sockets.", ({ stats }) => stats.sentBytes),
    histogram("artesian_publish_duration_seconds", "Time until updates were acknowledged.", ({ timings }) => timings.publish),
    histogram(
      "artesian_delivery_delay_seconds",
      "Time from the append of an update until sockets were given it.",
      ({ timings }) => timings.delivery,
    ),
    histogram(
      "artesian_catch_up_duration_seconds",
      "Time from the beginning of a stream until it was at the newest update.",
      ({ timings }) => timings.catchUp,
    ),
    histogram("artesian_journal_flush_duration_seconds", "Time of a flush of the journal to the disk.", ({ timings }) => timings.flush),
    histogram("artesian_event_loop_delay_seconds", "How late timers ran.", ({ eventLoop }) => eventLoop),
    {
      name: "artesian_requests_refused_total",
      type: "counter",
      help: "Requests refused, by purpose and error code.",
      samples: [...all].flatMap(([worker, { refused }]) =>
        refused.map(([wanted, code, value]) => ({ labels: { worker, wanted, code }, value })),
      ),
    },
    {
      name: "artesian_build_info",
      type: "gauge",
      help: "Always 1. The labels say which program runs.",
      samples: [...all].flatMap(([worker, { version }]) => (version === undefined ? [] : [{ labels: { worker, version }, value: 1 }])),
    },
    ...usageFigures(all),
  ];
}

/** The resources that a process uses, known without a hub. */
function usageFigures(all: Iterable<readonly [worker: string, figures: Pick<ProcessFigures, "usage">]>): Metric[] {
  const { gauge, counter } = metricsOf(all);
  return [
    counter("process_cpu_seconds_total", "CPU time, user and system.", ({ usage }) => usage?.cpuSeconds),
    gauge("process_resident_memory_bytes", "Resident memory.", ({ usage }) => usage?.residentBytes),
    gauge("process_start_time_seconds", "Start time of the process, in seconds since 1970.", ({ usage }) => usage?.startedAtSeconds),
  ];
}

type MakeMetric<F, V> = (name: string, help: string, value: (figures: F) => V | undefined) => Metric;

interface MetricMakers<F> {
  readonly gauge: MakeMetric<F, number>;
  readonly counter: MakeMetric<F, number>;
  readonly histogram: MakeMetric<F, DurationFigures>;
}

/** Makes metrics with the samples of each worker whose figures have a value. */
function metricsOf<F>(all: Iterable<readonly [worker: string, figures: F]>): MetricMakers<F> {
  const make =
    <V>(type: Metric["type"], samplesOf: (value: V, worker: string) => readonly Sample[]): MakeMetric<F, V> =>
    (name, help, value) => ({
      name,
      type,
      help,
      samples: [...all].flatMap(([worker, figures]) => {
        const found = value(figures);
        return found === undefined ? [] : samplesOf(found, worker);
      }),
    });
  const one = (value: number, worker: string): readonly Sample[] => [{ labels: { worker }, value }];
  return {
    gauge: make("gauge", one),
    counter: make("counter", one),
    histogram: make("histogram", (value, worker) => histogramSamples(value, { worker })),
  };
}

function journalUp(isUp: boolean): Metric {
  const help = "Whether updates can be appended to the journal: 1, or 0.";
  return { name: "artesian_journal_up", type: "gauge", help, samples: [{ value: isUp ? 1 : 0 }] };
}

function workerCount(value: number): Metric {
  return { name: "artesian_workers", type: "gauge", help: "Processes in these figures.", samples: [{ value }] };
}

/** @param oldestAt - In milliseconds since 1970. Undefined if the journal is empty. */
function journalFigures({ head, tail, bytes }: HubStats, oldestAt: number | undefined, isUp: boolean): Metric[] {
  const one = (name: string, help: string, value: number): Metric => ({ name, type: "gauge", help, samples: [{ value }] });
  return [
    journalUp(isUp),
    one("artesian_journal_records", "Records in the journal.", Math.max(0, tail - head + 1)),
    one("artesian_journal_bytes", "Bytes of the records in the journal.", bytes),
    ...(oldestAt === undefined
      ? []
      : [one("artesian_journal_oldest_record_timestamp_seconds", "When the oldest record was appended.", oldestAt / 1000)]),
  ];
}

function processCountFigures(count: number, silent: number): Metric[] {
  return [
    workerCount(count),
    {
      name: "artesian_silent_workers",
      type: "gauge",
      help: "Processes that did not answer in time, so that their figures are missing.",
      samples: [{ value: silent }],
    },
  ];
}

function usage(): ProcessFigures["usage"] {
  if (typeof process === "undefined") return undefined;
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startedAtSeconds: Math.round(performance.timeOrigin) / 1000,
  };
}
