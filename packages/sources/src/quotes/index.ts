import type { Source } from "../source.ts";
import { fileQuotes } from "./file.ts";
import { httpQuotes } from "./http.ts";
import type { QuotesOptions } from "./options.ts";
import { simulatedQuotes } from "./simulated.ts";

export { inventSymbols, simulatedCharacter, type SimulatedCharacter } from "./market.ts";
export { createRandom, type Random } from "./random.ts";
export type { CsvFormat } from "./csv.ts";
export type { QuoteFields } from "./fields.ts";
export type { FileQuotesOptions, HttpQuotesOptions, QuotesClock, QuotesOptions, SimulatedQuotesOptions } from "./options.ts";
export type { Quote } from "./quote.ts";

/**
 * Publishes prices, each on the topic of its symbol. They come from an HTTP address (changed
 * prices), from a CSV file at a chosen speed, or from a simulation, which is marked as such.
 *
 * @throws TypeError with the name of an invalid option.
 * @see docs/guides/sources.md
 */
export function quotesSource(options: QuotesOptions): Source {
  switch (options.from) {
    case "http":
      return httpQuotes(options);
    case "file":
      return fileQuotes(options);
    case "simulated":
      return simulatedQuotes(options);
  }
}
