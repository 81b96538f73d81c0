// The sources, as exported by `artesian-sources`.
export { HttpError, type HttpFailure, TemporaryError } from "./errors.ts";
export {
  type AllowAddress,
  conditionalGet,
  type ConditionalGetOptions,
  type HttpAnswer,
  type HttpBounds,
  isPublicAddress,
  type PollTiming,
  type Validators,
} from "./http/index.ts";
export { type LinesOptions, linesSource } from "./lines/index.ts";
export { fileMemory, type MemoryOptions, volatileMemory } from "./memory.ts";
export type { OutletOptions } from "./outlet.ts";
export { type PollOptions, pollSource } from "./poll/index.ts";
export { runSources, type SourcesContext } from "./run.ts";
export { MAX_BATCH, type Source, type SourceContext, SourceError, type SourceEvent, type SourceMemory } from "./source.ts";
export { type FeedAddress, feedSource, type FeedSourceOptions, type FeedUpdate } from "./feed/index.ts";
export {
  createRandom,
  type CsvFormat,
  type FileQuotesOptions,
  type HttpQuotesOptions,
  inventSymbols,
  type Quote,
  type QuoteFields,
  type QuotesClock,
  type QuotesOptions,
  quotesSource,
  type Random,
  type SimulatedCharacter,
  simulatedCharacter,
  type SimulatedQuotesOptions,
} from "./quotes/index.ts";
