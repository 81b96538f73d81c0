import type { IdCipher } from "./journal/cursor.ts";
import type { Compression } from "./update/gzip-blocks.ts";
import type { Journal } from "./journal/journal.ts";
import type { Limits } from "./limits.ts";
import type { Logger } from "./logger.ts";
import type { Peers } from "./journal/peers.ts";
import type { Range } from "./range.ts";
import { RETRY_BOUNDS_MS, type RetryRange } from "./update/retry.ts";

/** How a hub behaves. All times are milliseconds. */
export interface HubCoreOptions {
  /** Where updates are kept and read from. The hub closes it. */
  readonly journal: Journal;
  /** The hub's public URL, absolute: relative topics and patterns resolve against it, and its path is reserved. Default `http://localhost/.well-known/mercure`. */
  readonly url?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** No stream is silent for longer: proxies cut idle ones, often after 60 s. Default 25,000. */
  readonly heartbeatMs?: number | undefined;
  /** A stream is ended after this long, ±10%, and resumes by itself: it rebalances, and bounds what a leaked connection costs. Default 600,000. */
  readonly lifetimeMs?: number | undefined;
  /**
   * How long subscribers are told to wait before they reconnect; each gets a random time between the two, so that they do not all come back at once. Nothing below
   * 100 or above 3,600,000 is told. Default 1,000 to 5,000.
   */
  readonly retryMs?: RetryRange | undefined;
  /**
   * What a publisher's `retry` may tell subscribers. One outside of it reaches them as the nearer end, and the log says so: a publisher must not make all of them
   * come back in a flood, or stay away for days. Nothing below 100 or above 3,600,000 is told. Default 500 to 300,000.
   */
  readonly publishedRetryMs?: RetryRange | undefined;
  /**
   * Whether event ids of publishers are refused (`invalid_id`) that are not printable ASCII. Clients in JavaScript that set `Last-Event-ID` themselves stop at
   * others, or resume from nowhere; see docs/start/clients.md. Default false.
   */
  readonly asciiIds?: boolean | undefined;
  /**
   * A connection whose peer takes nothing for this long is cut; it resumes without loss. On Linux it counts what the peer's system confirms, so a slow reader
   * is not cut. Default 30,000.
   *
   * @see docs/decisions/slow-peers.md
   */
  readonly writeStallMs?: number | undefined;
  /**
   * Longest wait for streams to end when the hub closes. Their subscribers are told to come back one after the other, over as long a time from the shortest
   * `retryMs` on, or up to the longest one where that is later: they do not all come back at once. Default 5,000.
   */
  readonly drainMs?: number | undefined;
  /**
   * Whether subscriptions are told of: an update for each that begins or ends, and a list of those that are there. The journal must have
   * a shared table. Default false.
   */
  readonly subscriptions?: boolean | undefined;
  /** How long the subscriptions of a process that died stay listed, at the most. Default 15,000. */
  readonly subscriptionLeaseMs?: number | undefined;
  /** How long tokens are taken after their end, in milliseconds: so much longer revocations are kept. Default 0. */
  readonly leewayMs?: number | undefined;
  /** How to compress for subscribers that take gzip. Default: nothing is compressed. */
  readonly compression?: Compression | undefined;
  /** How to make the hub's own event ids opaque. Default: they are `#EPOCH:OFFSET`. */
  readonly idCipher?: IdCipher | undefined;
  /**
   * The other processes of the same server, such as the workers of a cluster. The metrics of each
   * process are then those of all. Use `journal.peers` if the journal has no other processes.
   * Default: this process is alone.
   */
  readonly workers?: Peers | undefined;
  /** Default: reports nothing. */
  readonly logger?: Logger | undefined;
}

const HOUR_MS = 3_600_000;

/** What the times of {@link HubCoreOptions} may be, in milliseconds; those of a range, too. */
export const TIME_RANGES: Readonly<
  Record<"heartbeatMs" | "lifetimeMs" | "retryMs" | "publishedRetryMs" | "writeStallMs" | "drainMs" | "subscriptionLeaseMs", Range>
> = {
  // The client takes a stream that is silent for 60 s for dead, and so do many proxies.
  heartbeatMs: [100, 55_000],
  lifetimeMs: [1000, 7 * 24 * HOUR_MS],
  retryMs: [0, HOUR_MS],
  publishedRetryMs: [RETRY_BOUNDS_MS.min, RETRY_BOUNDS_MS.max],
  writeStallMs: [100, HOUR_MS],
  drainMs: [0, HOUR_MS],
  subscriptionLeaseMs: [1000, HOUR_MS],
};

/** The times that hold if none is given, in milliseconds. The command has the same. */
export const DEFAULT_TIMES = {
  heartbeatMs: 25_000,
  lifetimeMs: 600_000,
  writeStallMs: 30_000,
  drainMs: 5000,
  subscriptionLeaseMs: 15_000,
} as const;
