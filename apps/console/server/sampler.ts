import { randomUUID } from "node:crypto";
import type { Hub, HubStats, Logger, ObservedSubscriber } from "artesian";
import { type History, SAMPLE_FIELDS, type Sample, STATS_TOPIC, STATS_TYPE, type StatsData } from "./wire.ts";

/** Samples that are remembered: 15 minutes. */
const REMEMBERED = 900;
/** The figures are of no use to whoever comes later: those have the history. */
const TTL_MS = 10_000;

export interface SamplerOptions {
  readonly hub: Hub;
  readonly sampleMs: number;
  /** Whether a subscriber of the figures' topic may have them. */
  readonly mayWatch: (subscriber: ObservedSubscriber) => boolean;
  readonly logger: Logger;
}

/**
 * Takes the hub's figures each second, and publishes them while somebody watches: the journal of a hub that nobody looks at must not grow
 * by being measured.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #process = randomUUID();
  readonly #samples: Sample[] = [];
  readonly #watchers = new Set<string>();
  readonly #stopObserving: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #before: HubStats;
  #beforeMs = performance.now();
  /** What the console itself caused since the last sample. */
  #own = { published: 0, delivered: 0 };
  #publishing = false;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#before = options.hub.stats();
    this.#stopObserving = options.hub.observe({
      subscribed: (subscriber) => {
        const asks = subscriber.matchers.some(({ type, pattern }) => type === "exact" && pattern === STATS_TOPIC);
        if (asks && options.mayWatch(subscriber)) this.#watchers.add(subscriber.id);
      },
      unsubscribed: ({ id }) => void this.#watchers.delete(id),
    });
    this.#timer = setInterval(() => this.#tick(), options.sampleMs);
    this.#timer.unref();
  }

  history(): History {
    const samples = this.#samples.map((sample) => SAMPLE_FIELDS.map((field) => sample[field]));
    return { process: this.#process, samples };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopObserving();
  }

  #tick(): void {
    const { hub } = this.#options;
    if (hub.draining) return;
    const sample = this.#take(hub.stats());
    this.#samples.push(sample);
    if (this.#samples.length > REMEMBERED) this.#samples.shift();
    // On a disk that has fallen behind, figures must not queue up.
    if (this.#watchers.size > 0 && !this.#publishing) void this.#publish(sample);
  }

  #take(stats: HubStats): Sample {
    const now = performance.now();
    const before = this.#before;
    const own = this.#own;
    const seconds = Math.max(now - this.#beforeMs, 1) / 1000;
    const rate = (difference: number): number => Math.round((difference / seconds) * 10) / 10;
    this.#before = stats;
    this.#beforeMs = now;
    this.#own = { published: 0, delivered: 0 };
    return {
      at: Date.now(),
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

  async #publish(sample: Sample): Promise<void> {
    const { hub, logger } = this.#options;
    const data: StatsData = { ...sample, process: this.#process };
    this.#publishing = true;
    try {
      await hub.publish({ topic: STATS_TOPIC, type: STATS_TYPE, data: JSON.stringify(data), private: true, ttlMs: TTL_MS });
      this.#own.published += 1;
      this.#own.delivered += this.#watchers.size;
    } catch (error) {
      if (!hub.draining) logger.warn({ err: error }, "the console's figures were not published");
    } finally {
      this.#publishing = false;
    }
  }
}
