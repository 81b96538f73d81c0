// The public API of `import … from "artesian"`.
export type { Action, Authorization, SubscribeGrant } from "./core/matching/authorization.ts";
export { type ErrorCode, ERROR_CODES, HubError } from "./core/errors.ts";
export type { Gap, GapReason } from "./core/update/frame.ts";
export type {
  AppendOutcome,
  IdempotentAppend,
  JournalIdempotency,
  KnownAppend,
  PublishOptions,
  ReusedKey,
} from "./core/journal/idempotency.ts";
export type { SubscriberPage, SubscriberQuery } from "./core/inspect/directory.ts";
export type { HubStats, SubscriberInfo } from "./core/inspect/own-process.ts";
export type { Fate, UpdateLife } from "./core/inspect/update-life.ts";
export type { Journal, JournalPage, JournalRecord, Position, ReadLimits, Retention } from "./core/journal/journal.ts";
export { recordBytes } from "./core/journal/journal.ts";
export { DEFAULT_LIMITS, type Limits } from "./core/limits.ts";
export type { Logger } from "./core/logger.ts";
export type { Matcher, MatcherType } from "./core/matching/matcher.ts";
export type { PeerAnswer, PeerAnswers, PeerBus, PeerListener, Peers } from "./core/journal/peers.ts";
export type { HealthCheck, Readiness } from "./core/readiness.ts";
export type { HubCloseOptions } from "./core/hub-core.ts";
export type { ReceivedUpdate, SubscribeOptions } from "./core/replay/reader.ts";
export type { Revocation } from "./core/table/revocations.ts";
export type { Span, SpanFacts, SpanName, SpanStart, Tracing } from "./core/tracing.ts";
export type { HubObserver, ObservedSubscriber } from "./core/streams/roster.ts";
export type { ScheduledUpdate } from "./core/table/schedule.ts";
export type { JournalState, StateEntry, StateStep } from "./core/journal/state.ts";
export type { SubscriptionDocument } from "./core/matching/subscription.ts";
export type { TextUpdate, Update, UpdateInput } from "./core/update/update.ts";
export type { FleetStats } from "./core/inspect/fleet.ts";
export type { CloseOptions } from "./close-on-signals.ts";
export { createHub, type Disconnect, type Hub } from "./create-hub.ts";
export type { AppRequest, Nobody, Rights, RightsAnswer, TopicGrant } from "./http/auth/app-rights.ts";
export type { ChosenStream, StreamChoice } from "./http/routes/chosen-stream.ts";
export type { OfSubject, SubjectId } from "./core/streams/subjects.ts";
export type { AuthorizationOptions, HubOptions } from "./hub-options.ts";
export type { LinkAttributes } from "./http/reply/link.ts";
export { memoryJournal, type MemoryJournalOptions } from "./journals/memory/index.ts";
