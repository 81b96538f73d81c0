import type { Limits } from "artesian";
import type { Key } from "../../packages/hub/src/cli/config/config.ts";

/** The command's setting of each limit of the library. A limit without one does not compile. */
export const SETTING_OF_LIMIT: Readonly<Record<keyof Limits, Key>> = {
  bodyBytes: "maxBodyBytes",
  formFields: "maxFormFields",
  queryBytes: "maxQueryBytes",
  pendingBodyBytes: "maxPendingBodyBytes",
  topicsPerUpdate: "maxTopics",
  updatesPerBatch: "maxBatch",
  topicsPerBatch: "maxBatchTopics",
  matchersPerSubscription: "maxMatchers",
  patternsPerProcess: "maxPatterns",
  patternsPerAddress: "maxPatternsPerAddress",
  topicBytes: "maxTopicLength",
  idBytes: "maxIdLength",
  idempotencyKeyBytes: "maxIdempotencyKeyLength",
  tokenBytes: "maxTokenLength",
  grantsPerToken: "maxGrants",
  revocations: "maxRevocations",
  scheduledUpdates: "maxScheduled",
  scheduledBytes: "maxScheduledBytes",
  snapshotUpdates: "maxSnapshot",
  snapshotScans: "maxSnapshotScans",
  waitingScans: "maxWaitingScans",
  waitingScansPerAddress: "maxWaitingScansPerAddress",
  replayUpdates: "maxReplayUpdates",
  replayBytes: "maxReplayBytes",
  heldBytes: "maxHeldBytes",
  presenceRate: "maxPresenceRate",
  presenceRatePerAddress: "maxPresenceRatePerAddress",
  presenceHistory: "maxPresenceHistory",
};
