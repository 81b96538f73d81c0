import type { HubOptions } from "../../index.ts";
import type { Limits } from "../../core/limits.ts";
import type { ConnectionLimits } from "../../http/admission/connections.ts";
import type { SocketLimits } from "../../http/sinks/sockets.ts";
import type { UnreadLimits } from "../../http/sinks/unread-answers.ts";
import type { Config } from "../config/config.ts";
import { NONE } from "../config/values.ts";

/** The hub's limits of requests. */
export function limitsFrom(config: Config): Limits {
  return {
    bodyBytes: config.maxBodyBytes,
    formFields: config.maxFormFields,
    queryBytes: config.maxQueryBytes,
    pendingBodyBytes: config.maxPendingBodyBytes,
    topicsPerUpdate: config.maxTopics,
    updatesPerBatch: config.maxBatch,
    topicsPerBatch: config.maxBatchTopics,
    matchersPerSubscription: config.maxMatchers,
    patternsPerProcess: config.maxPatterns,
    patternsPerAddress: config.maxPatternsPerAddress,
    topicBytes: config.maxTopicLength,
    idBytes: config.maxIdLength,
    idempotencyKeyBytes: config.maxIdempotencyKeyLength,
    tokenBytes: config.maxTokenLength,
    grantsPerToken: config.maxGrants,
    revocations: config.maxRevocations,
    scheduledUpdates: config.maxScheduled,
    scheduledBytes: config.maxScheduledBytes,
    snapshotUpdates: config.maxSnapshot,
    snapshotScans: config.maxSnapshotScans,
    waitingScans: config.maxWaitingScans,
    waitingScansPerAddress: config.maxWaitingScansPerAddress,
    replayUpdates: config.maxReplayUpdates,
    replayBytes: config.maxReplayBytes,
    pollWaitMs: config.maxPollWait,
    heldBytes: config.maxHeldBytes,
    presenceRate: config.maxPresenceRate,
    presenceRatePerAddress: config.maxPresenceRatePerAddress,
    presenceHistory: config.maxPresenceHistory,
  };
}

/**
 * The hub's limits of connections.
 *
 * @param maxStreams - Most streams if the settings name no number.
 */
export function connectionsFrom(config: Config, maxStreams: number): ConnectionLimits {
  return {
    connectionsPerAddress: config.maxConnectionsPerAddress,
    connections: config.maxConnections ?? maxStreams,
    connectionsPerSecond: config.maxConnectionRate === NONE ? Infinity : config.maxConnectionRate,
    connectionsPerSecondPerAddress: config.maxConnectionRatePerAddress,
  };
}

/** The options of a hub that settings alone determine. */
export function hubOptionsFrom(config: Config, maxStreams: number): HubOptions {
  return {
    ...connectionsFrom(config, maxStreams),
    limits: limitsFrom(config),
    trustedProxies: config.trustedProxies,
    subscriptions: config.subscriptions,
    subscriptionLeaseMs: config.subscriptionLease,
    apiDescription: config.apiDescription,
    compression: !config.noCompression,
    heartbeatMs: config.heartbeat,
    lifetimeMs: config.maxLifetime,
    retryMs: { min: config.retryMin, max: config.retryMax },
    publishedRetryMs: { min: config.publishedRetryMin, max: config.publishedRetryMax },
    asciiIds: config.asciiIds,
    writeStallMs: config.writeStall,
    drainMs: config.drain,
  };
}

/**
 * The limits of a server's connections of every kind.
 *
 * @param maxSockets - Most connections if the settings name no number. Undefined for no bound.
 */
export function socketLimitsFrom(config: Config, maxSockets: number | undefined): SocketLimits & UnreadLimits {
  return {
    sockets: config.maxSockets ?? maxSockets,
    socketsPerAddress: config.maxSocketsPerAddress ?? 2 * config.maxConnectionsPerAddress,
    heldBytes: config.maxHeldBytes,
    writeStallMs: config.writeStall,
  };
}
