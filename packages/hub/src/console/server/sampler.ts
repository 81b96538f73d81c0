import { randomUUID } from "node:crypto";
import type { Hub, HubStats, Logger, ObservedSubscriber } from "../../index.ts";
import { partsOf } from "../../create-hub.ts";
import { addSamples } from "./sums.ts";
import { type History, rowOf, type Sample, sampleOf, STATS_TOPIC, STATS_TYPE, type StatsData } from "./wire.ts";

/** Number of remembered samples, which is 15 minutes. */
const REMEMBERED = 900;
/** Figures expire early, because a later page has the history. */
const TTL_MS = 10_000;

export interface SamplerOptions {
  readonly hub: Hub;
  readonly sampleMs: number;
  /** Whether a subscriber of the figures' topic may receive the figures. */
  readonly mayWatch: (subscriber: ObservedSubscriber) => boolean;
  readonly logger: Logger;
}

/** Name of the request for another process's samples. */
const SAMPLES = "console/samples";

interface SamplesRequest {
  /** Number of the newest samples. */
  readonly count: number;
  /** Whether figures are about to be published. */
  readonly publishes: boolean;
}

/** Rows of samples, with the time of their process's clock. */
interface SamplesAnswer {
  readonly now: number;
  readonly rows: History["samples"];
}

/**
 * Samples this process's figures each second. While somebody watches, adds the figures of the other
 * processes and publishes the sum. Otherwise measuring would grow the journal of an idle hub, and
 * its processes have nothing to ask each other.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  /** The owner of the figures. */
  readonly #source: string;
  readonly #samples: Sample[] = [];
  readonly #watchers = new Set<string>();
  readonly #stops: readonly (() => void)[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #before: HubStats;
  #beforeMs = performance.now();
  /** The console's own traffic since the last sample. */
  #own = { published: 0, delivered: 0 };
  #publishing = false;

  constructor(options: SamplerOptions) {
    const { hub } = options;
    this.#options = options;
    this.#source = partsOf(hub).peers.reachOthers ? "all" : randomUUID();
    this.#before = hub.stats();
    this.#stops = [
      hub.observe({
        subscribed: (subscriber) => {
          const asks = subscriber.matchers.some(({ type, pattern }) => type === "exact" && pattern === STATS_TOPIC);
          if (asks && options.mayWatch(subscriber)) this.#watchers.add(subscriber.id);
        },
        unsubscribed: ({ id }) => void this.#watchers.delete(id),
      }),
      partsOf(hub).peers.answer(SAMPLES, (request) => this.#answer(request as SamplesRequest)),
    ];
    this.#schedule();
  }

  /** The fleet's history, with the sums at the times of this process's samples. */
  async history(): Promise<History> {
    const others = await this.#ask({ count: REMEMBERED, publishes: false });
    return { process: this.#source, samples: addSamples(this.#samples, others, this.#options.sampleMs).map(rowOf) };
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  /**
   * Schedules the next sample at a multiple of the interval, such as a whole second of the clock.
   * So samples of several processes have the same time, and a page keeps one of two that describe
   * the same second.
   */
  #schedule(): void {
    const { sampleMs } = this.#options;
    const restMs = sampleMs - (Date.now() % sampleMs);
    // A timer may be a little early.
    this.#timer = setTimeout(() => this.#tick(), restMs < sampleMs / 2 ? restMs + sampleMs : restMs);
    this.#timer.unref();
  }

  #tick(): void {
    const { hub } = this.#options;
    if (hub.draining) return;
    this.#schedule();
    this.#samples.push(this.#take(hub.stats()));
    if (this.#samples.length > REMEMBERED) this.#samples.shift();
    // On a slow disk, figures must not queue up.
    if (this.#watchers.size > 0 && !this.#publishing) void this.#publish();
  }

  #take(stats: HubStats): Sample {
    const { sampleMs } = this.#options;
    const now = performance.now();
    const before = this.#before;
    const own = this.#own;
    const seconds = Math.max(now - this.#beforeMs, 1) / 1000;
    const rate = (difference: number): number => Math.round((difference / seconds) * 10) / 10;
    this.#before = stats;
    this.#beforeMs = now;
    this.#own = { published: 0, delivered: 0 };
    return {
      at: Math.round(Date.now() / sampleMs) * sampleMs,
      published: rate(Math.max(0, stats.published - before.published - own.published)),
      delivered: rate(Math.max(0, stats.delivered - before.delivered - own.delivered)),
      sentBytes: rate(stats.sentBytes - before.sentBytes),
      subscribers: stats.subscribers,
      behind: stats.lagging,
      cohorts: stats.cohorts,
      journalBytes: stats.bytes,
      journalUpdates: Math.max(0, stats.tail - stats.head + 1),
      journalGrowth: rate(stats.bytes - before.bytes),
    };
  }

  async #publish(): Promise<void> {
    const { hub, logger, sampleMs } = this.#options;
    this.#publishing = true;
    try {
      const others = await this.#ask({ count: 2, publishes: true });
      const [sample] = addSamples(this.#samples.slice(-1), others, sampleMs);
      const data: StatsData = { ...(sample as Sample), process: this.#source };
      await hub.publish({ topic: STATS_TOPIC, type: STATS_TYPE, data: JSON.stringify(data), private: true, ttlMs: TTL_MS });
      this.#own.published += 1;
      this.#own.delivered += this.#watchers.size;
    } catch (error) {
      if (!hub.draining) logger.warn({ err: error }, "the console's figures were not published");
    } finally {
      this.#publishing = false;
    }
  }

  async #ask(request: SamplesRequest): Promise<readonly (readonly Sample[])[]> {
    const { answers } = await partsOf(this.#options.hub).peers.ask(SAMPLES, request);
    return answers.map(({ value }) => {
      const { now, rows } = value as SamplesAnswer;
      // Clocks of other machines may differ.
      const aheadMs = Math.round((now - Date.now()) / this.#options.sampleMs) * this.#options.sampleMs;
      return rows.map(sampleOf).map((sample) => ({ ...sample, at: sample.at - aheadMs }));
    });
  }

  #answer({ count, publishes }: SamplesRequest): SamplesAnswer {
    // Watchers of this process receive the figures that the other process publishes.
    if (publishes) this.#own.delivered += this.#watchers.size;
    return { now: Date.now(), rows: this.#samples.slice(-count).map(rowOf) };
  }
}
