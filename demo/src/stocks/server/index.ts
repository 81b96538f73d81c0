/**
 * The stock ticker's server part: a source of prices and their history, on Artesian's public API
 * alone.
 */
export type { StocksOptions } from "./options.ts";
export { parseQuotes } from "./parse-quotes.ts";
export { createStocks, type Stocks, STOCKS_TOPICS } from "./stocks.ts";
