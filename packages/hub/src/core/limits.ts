import type { Range } from "./range.ts";

/**
 * The bounds on requests of publishers and subscribers. Each names the attack that it stops. Sizes
 * are bytes of UTF-8.
 */
export interface Limits {
  /**
   * Largest request body, in bytes (memory exhaustion). Default 1 MiB. Past the limit: `too_large`.
   * The line breaks of an update may add as many bytes to its event, six each. No event is longer
   * than two bodies.
   */
  readonly bodyBytes: number;
  /**
   * Most fields of a form or of an update in JSON, or parameters of a query (each is decoded before
   * its name is known). Default 500. Past the limit: `too_large`.
   */
  readonly formFields: number;
  /**
   * Largest body of a `QUERY`, in bytes (each of its matchers is parsed). Default 256 KiB. Past the
   * limit: `too_large`.
   */
  readonly queryBytes: number;
  /**
   * Most memory of all request bodies that a process has not handled yet, in bytes (bodies that
   * never end). At least four times `bodyBytes`. Default 64 MiB, or as much as a larger `bodyBytes`
   * needs. An address may hold no more than is left for others. Past the limit, the address that
   * holds most loses its largest incomplete body: `overloaded`.
   */
  readonly pendingBodyBytes: number;
  /**
   * Most topics on one update (each is matched and indexed). Default 100. Past the limit:
   * `too_large`.
   */
  readonly topicsPerUpdate: number;
  /**
   * Most updates in one atomic batch (one transaction). Default 1,000. Past the limit: `too_large`.
   */
  readonly updatesPerBatch: number;
  /**
   * Most topics of all updates of a batch together (each is parsed and matched). Default 10,000.
   * Past the limit: `too_large`.
   */
  readonly topicsPerBatch: number;
  /**
   * Most matchers on one subscription (each costs time on every update). Default 100. Past the
   * limit: `too_many_matchers`.
   */
  readonly matchersPerSubscription: number;
  /**
   * Most distinct patterns of all streams of a process (each is tested on every new topic with its
   * literal parts). Default 10,000. Past the limit: `overloaded`. A pattern of several subscribers counts
   * once.
   */
  readonly patternsPerProcess: number;
  /**
   * Most distinct patterns of the streams from one address (one peer must not use up the others').
   * The loopback is exempt. Default 500. Past the limit: `too_many_patterns`.
   */
  readonly patternsPerAddress: number;
  /**
   * Longest topic or pattern, in bytes (matching time). Default 2,048. At least 64, which the hub's
   * own topics need. Past the limit: `too_large`, or `invalid_matcher`.
   */
  readonly topicBytes: number;
  /**
   * Longest event id or type, in bytes (header and index size), up to 1,900. Default 255. Past the
   * limit: `too_large`.
   */
  readonly idBytes: number;
  /**
   * Longest idempotency key, in bytes (parsing time, as the stored form has a fixed size). Default
   * 255. Past the limit: `invalid_idempotency_key`.
   */
  readonly idempotencyKeyBytes: number;
  /**
   * Longest access token, in bytes (each is parsed before its signature is checked). Default 8 KiB.
   * Past the limit: `invalid_token`.
   */
  readonly tokenBytes: number;
  /**
   * Most topics that one token grants (each is compiled). Default 100. Past the limit:
   * `invalid_token`.
   */
  readonly grantsPerToken: number;
  /**
   * Most revocations kept (a new revocation examines each). Default 100,000. Past the limit:
   * `too_many_revocations`.
   */
  readonly revocations: number;
  /**
   * Most scheduled updates (each is a row of the table). Default 10,000. Past the limit:
   * `too_many_scheduled`.
   */
  readonly scheduledUpdates: number;
  /**
   * Most bytes of scheduled updates with their keys (each may be as large as a body). Default 64
   * MiB. Past the limit: `too_many_scheduled`.
   */
  readonly scheduledBytes: number;
  /**
   * Most updates that `last` may ask for (each is searched for). Default 1,000. Past the limit:
   * `invalid_pace`.
   */
  readonly snapshotUpdates: number;
  /**
   * Most searches for `last` at a time in a process (each may read 100,000 updates). Default 16.
   * One address has a quarter of them at most. Past the limit requests wait, and addresses take
   * turns.
   */
  readonly snapshotScans: number;
  /**
   * Most subscriptions that wait for such a search in a process (memory). Default 1,000. Past the
   * limit: `overloaded`.
   */
  readonly waitingScans: number;
  /**
   * Most waiting subscriptions of one address, IPv6 by its /64 (one peer must not use up the
   * others'). Default 100. Past the limit: `overloaded`. The loopback counts as one address, and so
   * do all clients whose address is unknown.
   */
  readonly waitingScansPerAddress: number;
  /**
   * Most updates read from the journal at once for a subscriber that is behind (memory, and time of
   * the event loop). The socket must take its updates of one read before the next. Default 500.
   * Also most updates in the answer to a poll.
   */
  readonly replayUpdates: number;
  /** Most bytes of one such read or answer, or a single update. Default 1 MiB. */
  readonly replayBytes: number;
  /**
   * Longest wait of a poll, in milliseconds (each takes the place of a stream meanwhile). Default 60
   * s. A poll that wants to wait longer is answered then. 0 answers every poll at once.
   */
  readonly pollWaitMs: number;
  /**
   * Most bytes that a process holds because peers have not taken them (memory, by readers that
   * stop). At least twice `bodyBytes`. Default 64 MiB, or as much as a larger `bodyBytes` needs.
   * Past the limit the connections that hold most, and longest, are cut. They resume without loss.
   * All polls together hold as many bytes of updates, and are answered early past the limit.
   */
  readonly heldBytes: number;
  /**
   * Most presence updates a second of a process, on average, with ten seconds' worth at once
   * (crowds that come and go keep the journal's table busy). Default 200. Past the limit presence
   * is late, and subscriptions that ended meanwhile are not told of.
   */
  readonly presenceRate: number;
  /**
   * Most presence updates a second for the subscribers of one address, IPv6 by its /64. The
   * loopback is exempt. Default 10.
   */
  readonly presenceRatePerAddress: number;
  /**
   * Most presence updates kept of each process, in the shared table and not among publishers'
   * updates. Default 10,000. A subscriber that comes back later is told of a gap.
   */
  readonly presenceHistory: number;
}

/** Upper bound of `idBytes`: the longest id that a journal can index. */
export const MAX_ID_BYTES = 1900;

/** The limits that hold if none is given. */
export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 1024 * 1024,
  formFields: 500,
  queryBytes: 256 * 1024,
  pendingBodyBytes: 64 * 1024 * 1024,
  topicsPerUpdate: 100,
  updatesPerBatch: 1000,
  topicsPerBatch: 10_000,
  matchersPerSubscription: 100,
  patternsPerProcess: 10_000,
  patternsPerAddress: 500,
  topicBytes: 2048,
  idBytes: 255,
  idempotencyKeyBytes: 255,
  tokenBytes: 8192,
  grantsPerToken: 100,
  revocations: 100_000,
  scheduledUpdates: 10_000,
  scheduledBytes: 64 * 1024 * 1024,
  snapshotUpdates: 1000,
  snapshotScans: 16,
  waitingScans: 1000,
  waitingScansPerAddress: 100,
  replayUpdates: 500,
  replayBytes: 1024 * 1024,
  pollWaitMs: 60_000,
  heldBytes: 64 * 1024 * 1024,
  presenceRate: 200,
  presenceRatePerAddress: 10,
  presenceHistory: 10_000,
};

/** Range of each limit. */
export const LIMIT_RANGES: Readonly<Record<keyof Limits, Range>> = {
  bodyBytes: [1024, 2 ** 30],
  formFields: [10, 100_000],
  queryBytes: [1024, 2 ** 24],
  pendingBodyBytes: [4096, 2 ** 40],
  topicsPerUpdate: [1, 10_000],
  updatesPerBatch: [1, 100_000],
  topicsPerBatch: [1, 1_000_000],
  matchersPerSubscription: [1, 10_000],
  patternsPerProcess: [1, 1_000_000],
  patternsPerAddress: [1, 1_000_000],
  topicBytes: [64, 65_536],
  idBytes: [1, MAX_ID_BYTES],
  idempotencyKeyBytes: [1, 8192],
  tokenBytes: [256, 65_536],
  grantsPerToken: [1, 10_000],
  revocations: [1, 1_000_000],
  scheduledUpdates: [1, 1_000_000],
  scheduledBytes: [1024, 2 ** 40],
  snapshotUpdates: [1, 10_000],
  snapshotScans: [1, 10_000],
  waitingScans: [1, 1_000_000],
  waitingScansPerAddress: [1, 1_000_000],
  replayUpdates: [1, 100_000],
  replayBytes: [1024, 2 ** 30],
  pollWaitMs: [0, 3_600_000],
  heldBytes: [2 ** 20, 2 ** 40],
  presenceRate: [1, 100_000],
  presenceRatePerAddress: [1, 100_000],
  presenceHistory: [100, 1_000_000],
};

/**
 * Multiples of `bodyBytes` that a limit must hold. With less, nobody could read or send the largest
 * body. The limit's default follows.
 */
export const TIMES_A_BODY: Readonly<Record<"heldBytes" | "pendingBodyBytes", number>> = { heldBytes: 2, pendingBodyBytes: 4 };

/** A limit that sizes something when a hub starts. */
export type FixedLimit =
  | "revocations"
  | "scheduledUpdates"
  | "scheduledBytes"
  | "replayUpdates"
  | "replayBytes"
  | "presenceRate"
  | "presenceRatePerAddress"
  | "presenceHistory";

/** A limit that may change while a hub runs. The hub reads the limit at each use. */
export type LiveLimit = Exclude<keyof Limits, FixedLimit>;

/** Every {@link LiveLimit}. */
export const LIVE_LIMITS: readonly LiveLimit[] = [
  "bodyBytes",
  "formFields",
  "queryBytes",
  "pendingBodyBytes",
  "topicsPerUpdate",
  "updatesPerBatch",
  "topicsPerBatch",
  "matchersPerSubscription",
  "patternsPerProcess",
  "patternsPerAddress",
  "topicBytes",
  "idBytes",
  "idempotencyKeyBytes",
  "tokenBytes",
  "grantsPerToken",
  "snapshotUpdates",
  "snapshotScans",
  "waitingScans",
  "waitingScansPerAddress",
  "pollWaitMs",
  "heldBytes",
];

/**
 * Merges the given limits with the defaults.
 *
 * @throws TypeError if a limit could not be kept.
 */
export function limitsOf(given: Partial<Limits> | undefined): Limits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const name of ["heldBytes", "pendingBodyBytes"] as const) {
    if (given?.[name] === undefined) limits[name] = Math.max(DEFAULT_LIMITS[name], TIMES_A_BODY[name] * limits.bodyBytes);
  }
  if (limits.heldBytes < TIMES_A_BODY.heldBytes * limits.bodyBytes) {
    throw new TypeError(
      `The limit heldBytes is at least twice bodyBytes, ${TIMES_A_BODY.heldBytes * limits.bodyBytes}: else nobody who reads a large update slowly would ever have it.`,
    );
  }
  if (limits.pendingBodyBytes < TIMES_A_BODY.pendingBodyBytes * limits.bodyBytes) {
    throw new TypeError(
      `The limit pendingBodyBytes is at least four times bodyBytes, ${TIMES_A_BODY.pendingBodyBytes * limits.bodyBytes}: else a large body has no room beside another one.`,
    );
  }
  return limits;
}
