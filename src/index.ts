// The public API: what `import … from "artesian"` gives.
export type { Action, Authorization, SubscribeGrant } from "./core/authorization.ts";
export { type ErrorCode, ERROR_CODES, HubError } from "./core/errors.ts";
export type { Gap, GapReason } from "./core/frame.ts";
export type { HubStats } from "./core/hub-core.ts";
export type { Journal, JournalPage, JournalRecord, Position, ReadLimits, Retention } from "./core/journal.ts";
export { recordBytes } from "./core/journal.ts";
export { DEFAULT_LIMITS, type Limits } from "./core/limits.ts";
export type { Logger } from "./core/logger.ts";
export type { Matcher, MatcherType } from "./core/matcher.ts";
export type { ReceivedUpdate, SubscribeOptions } from "./core/reader.ts";
export type { Revocation } from "./core/revocations.ts";
export type { HubObserver, ObservedSubscriber } from "./core/roster.ts";
export type { JournalState, StateEntry, StateStep } from "./core/state.ts";
export type { SubscriptionDocument } from "./core/subscription.ts";
export type { Update, UpdateInput } from "./core/update.ts";
export { type AuthorizationOptions, createHub, type Hub, type HubOptions } from "./create-hub.ts";
export type { LinkAttributes } from "./http/link.ts";
export { memoryJournal, type MemoryJournalOptions } from "./journals/memory/index.ts";
