// The public API: what `import … from "artesian"` gives.
export { type ErrorCode, ERROR_CODES, HubError } from "./core/errors.ts";
export type { Gap, GapReason } from "./core/frame.ts";
export type { HubObserver, HubStats, ObservedSubscriber } from "./core/hub-core.ts";
export type { Journal, JournalPage, JournalRecord, Position, ReadLimits, Retention } from "./core/journal.ts";
export { recordBytes } from "./core/journal.ts";
export { DEFAULT_LIMITS, type Limits } from "./core/limits.ts";
export type { Logger } from "./core/logger.ts";
export type { Matcher, MatcherType } from "./core/matcher.ts";
export type { ReceivedUpdate, SubscribeOptions } from "./core/reader.ts";
export type { Update, UpdateInput } from "./core/update.ts";
export { createHub, type Hub, type HubOptions } from "./create-hub.ts";
export { memoryJournal, type MemoryJournalOptions } from "./journals/memory/index.ts";
