import type { IdCipher } from "./journal/cursor.ts";
import type { Compression } from "./update/gzip-blocks.ts";
import type { Journal } from "./journal/journal.ts";
import type { Limits } from "./limits.ts";
import type { Logger } from "./logger.ts";
import type { Peers } from "./journal/peers.ts";
import type { Range } from "./range.ts";
import type { Tracing } from "./tracing.ts";
import { RETRY_BOUNDS_MS, type RetryRange } from "./update/retry.ts";

/** How a hub behaves. All times are milliseconds. */
export interface HubCoreOptions {
  /** Where updates are kept and read from. The hub closes the journal. */
  readonly journal: Journal;
  /**
   * The hub's public URL, absolute. Relative topics and patterns resolve against the URL, and its
   * path is reserved. Default `http://localhost/.well-known/mercure`.
   */
  readonly url?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Longest silence of a stream. Proxies cut idle streams, often after 60 s. Default 25,000. */
  readonly heartbeatMs?: number | undefined;
  /**
   * Longest life of a stream, ±10%. A stream that ends resumes by itself. This rebalances the
   * fleet, and bounds what a leaked connection costs. Default 600,000.
   */
  readonly lifetimeMs?: number | undefined;
  /**
   * How long subscribers are told to wait before they reconnect. Each gets a random time of the
   * range, so that they do not all come back at once. No time below 100 or above 3,600,000 is told.
   * Default 1,000 to 5,000.
   */
  readonly retryMs?: RetryRange | undefined;
  /**
   * Range of the `retry` times that publishers may send to subscribers. A time outside reaches them
   * as the nearer end, and the log says so. A publisher must not make all of them come back in a
   * flood, or stay away for days. No time below 100 or above 3,600,000 is told. Default 500 to
   * 300,000.
   */
  readonly publishedRetryMs?: RetryRange | undefined;
  /**
   * Whether to refuse publishers' event ids that are not printable ASCII (`invalid_id`). JavaScript
   * clients that set `Last-Event-ID` themselves stop at other ids, or resume from nowhere. See
   * docs/start/clients.md. Default false.
   */
  readonly asciiIds?: boolean | undefined;
  /**
   * Longest time for which a peer may take nothing before its connection is cut. The peer resumes
   * without loss. On Linux the bytes that the peer's system confirms count, so a slow reader is not
   * cut. Default 30,000.
   *
   * @see docs/decisions/slow-peers.md
   */
  readonly writeStallMs?: number | undefined;
  /**
   * Longest wait for streams to end when the hub closes. Subscribers are told to come back one
   * after the other, so that they do not all come back at once. The return times begin at the
   * shortest `retryMs` and spread over `drainMs`, or up to the longest `retryMs` if that is later.
   * Default 5,000.
   */
  readonly drainMs?: number | undefined;
  /**
   * Whether to publish presence: an update for each subscription that begins or ends, and a list of
   * the active ones. The journal must have a shared table. Default false.
   */
  readonly subscriptions?: boolean | undefined;
  /** Longest time for which the subscriptions of a dead process stay listed. Default 15,000. */
  readonly subscriptionLeaseMs?: number | undefined;
  /**
   * Time for which tokens are accepted after their end, in milliseconds. Revocations are kept for
   * that much longer. Default 0.
   */
  readonly leewayMs?: number | undefined;
  /** Whether updates of this process are private unless they say otherwise. Default false. */
  readonly isPrivate?: boolean | undefined;
  /** How to compress for subscribers that accept gzip. Default: no compression. */
  readonly compression?: Compression | undefined;
  /** How to make the hub's own event ids opaque. Default: ids are `#EPOCH:OFFSET`. */
  readonly idCipher?: IdCipher | undefined;
  /**
   * The other processes of the same server, such as the workers of a cluster. The metrics of each
   * process then cover all. Use `journal.peers` if the journal has no other processes. Default:
   * this process is alone.
   */
  readonly workers?: Peers | undefined;
  /**
   * Measures publishes, dispatches, subscriptions and replays, such as `openTelemetry()` of
   * `artesian/opentelemetry`. Default: nothing is measured.
   *
   * @see docs/operate/tracing.md
   */
  readonly tracing?: Tracing | undefined;
  /** Default: reports nothing. */
  readonly logger?: Logger | undefined;
}

const HOUR_MS = 3_600_000;

/**
 * Ranges of the times of {@link HubCoreOptions}, in milliseconds. Both ends of a range option must
 * lie within.
 */
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

/** Default times, in milliseconds. The command has the same. */
export const DEFAULT_TIMES = {
  heartbeatMs: 25_000,
  lifetimeMs: 600_000,
  writeStallMs: 30_000,
  drainMs: 5000,
  subscriptionLeaseMs: 15_000,
} as const;
