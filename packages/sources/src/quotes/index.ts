import type { Source } from "../source.ts";
import { fileQuotes } from "./file.ts";
import { httpQuotes } from "./http.ts";
import type { QuotesOptions } from "./options.ts";
import { simulatedQuotes } from "./simulated.ts";

export type { CsvFormat } from "./csv.ts";
export type { QuoteFields } from "./fields.ts";
export type { FileQuotesOptions, HttpQuotesOptions, QuotesClock, QuotesOptions, SimulatedQuotesOptions } from "./options.ts";
export type { Quote } from "./quote.ts";

/**
 * Publishes prices, each on the topic of its symbol: those of an HTTP address that have changed, those of a CSV file at the
 * speed that was chosen, or made up ones, which say so.
 *
 * @throws TypeError for options that can't be, with the name of the option.
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
